-- Who may sign in at the web, for the web alone: whoever has a role and is a user of the project still. `stamp` changes
-- with the password, so that sessions begun with the one before end; nothing leads from it back to a password.
create or replace function public.glassline_who_may_sign_in() returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', p.user_id, 'email', u.email, 'role', p.role,
      'stamp', md5(u.id::text || coalesce(u.encrypted_password, '')))), '[]')
  from public.glassline_people p join auth.users u on u.id = p.user_id
  where u.email is not null and u.deleted_at is null and (u.banned_until is null or u.banned_until < now())
$$;

-- Another role, or none any more. {outcome: done | unknown | last_admin}
create or replace function public.glassline_set_role(person uuid, new_role text) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_variable
begin
  perform pg_advisory_xact_lock(7165418);  -- of two admins at once the second sees what the first did
  if not exists (select from public.glassline_people where user_id = person) then
    return jsonb_build_object('outcome', 'unknown');
  elsif new_role is distinct from 'admin' and not exists (
      select from jsonb_to_recordset(public.glassline_who_may_sign_in()) as who (id uuid, role text)
      where who.role = 'admin' and who.id <> person) then
    return jsonb_build_object('outcome', 'last_admin');
  elsif new_role is null then
    delete from public.glassline_people where user_id = person;
  else
    update public.glassline_people set role = new_role where user_id = person;
  end if;
  return jsonb_build_object('outcome', 'done');
end $$;

create or replace function public.glassline_schema_version() returns int
language sql immutable set search_path = '' as $$ select 3 $$;

do $$
declare
  made record;
begin
  for made in select p.oid::regprocedure as name from pg_proc p where p.pronamespace = 'public'::regnamespace
      and p.proname in ('glassline_who_may_sign_in', 'glassline_set_role') loop
    execute format('revoke all on function %s from public, anon, authenticated', made.name);
    execute format('grant execute on function %s to service_role', made.name);
  end loop;
end $$;
