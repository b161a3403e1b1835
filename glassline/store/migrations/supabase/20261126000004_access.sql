-- Who may do what. Without signing in nothing can be read. Who is signed in and has a role in `glassline_people` reads;
-- reviewers and admins review, through `glassline_review` alone. Only the service role writes. Policies of before, which
-- let everybody with the published key read and write, go.

do $$
declare
  old record;
begin
  for old in select policyname from pg_policies where schemaname = 'public' and tablename = 'defects' loop
    execute format('drop policy %I on public.defects', old.policyname);
  end loop;
  for old in select policyname from pg_policies where schemaname = 'storage' and tablename = 'objects'
      and coalesce(qual, with_check) ~ '^\(?bucket_id = ''defect-images''(::text)?\)?$' loop
    execute format('drop policy %I on storage.objects', old.policyname);
  end loop;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['glassline_defects_by_hour', 'glassline_defects_by_day', 'glassline_backlog'] loop
    execute format('revoke all on public.%I from anon', name);
    execute format('grant select on public.%I to authenticated, service_role', name);
  end loop;
  foreach name in array array['defects', 'defect_reviews', 'glassline_devices'] loop
    execute format('grant select on public.%I to authenticated', name);
    execute format('drop policy if exists glassline_read on public.%I', name);
    execute format('create policy glassline_read on public.%I for select to authenticated '
                   'using ((select public.glassline_role()) is not null)', name);
  end loop;
end $$;

do $$
declare
  made record;
begin
  for made in select p.oid::regprocedure as name, p.proname from pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.proname like 'glassline\_%' loop
    execute format('revoke all on function %s from public, anon, authenticated', made.name);
    execute format('grant execute on function %s to service_role', made.name);
    if made.proname in ('glassline_role', 'glassline_review', 'glassline_counts') then
      execute format('grant execute on function %s to authenticated', made.name);
    end if;
  end loop;
end $$;

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
  values ('defect-images', 'defect-images', false, 2097152, '{image/jpeg}')
  on conflict (id) do update set public = false,  -- limits of before must let our pictures in
    file_size_limit = greatest(buckets.file_size_limit, case when buckets.file_size_limit is not null then 2097152 end),
    allowed_mime_types = case when 'image/jpeg' = any (buckets.allowed_mime_types) then buckets.allowed_mime_types
                              else buckets.allowed_mime_types || array['image/jpeg'] end;

-- What is not as these files made it, in words.
create or replace function public.glassline_problems() returns jsonb
language sql stable security definer set search_path = '' as $$
  with ours as (
    select oid, relname, relrowsecurity from pg_catalog.pg_class
    where relnamespace = 'public'::regnamespace and relname in ('defects', 'defect_reviews', 'glassline_devices',
      'glassline_orphans', 'glassline_dead_letters', 'glassline_people'))
  select coalesce(jsonb_agg(problem), '[]') from (
    select 'row level security is off for the table ' || relname as problem from ours where not relrowsecurity
    union all
    select 'the policy "' || policyname || '" lets people at the table ' || tablename || ' who have no role'
      from pg_catalog.pg_policies
      where schemaname = 'public' and tablename in (select relname from ours) and policyname <> 'glassline_read'
    union all
    select 'the storage policy "' || policyname || '" lets people at the pictures of every bucket'
      from pg_catalog.pg_policies
      where schemaname = 'storage' and tablename = 'objects' and cmd in ('SELECT', 'ALL')
        and coalesce(qual, '') not like '%bucket_id%' and roles && array['public', 'anon', 'authenticated']::name[]
    union all
    select 'the bucket defect-images is public: whoever has a link may look' from storage.buckets
      where id = 'defect-images' and public
    union all
    select 'the bucket defect-images takes no JPEG of 1.5 MB' from storage.buckets
      where id = 'defect-images' and (file_size_limit < 1500000 or not 'image/jpeg' = any (allowed_mime_types))
    union all
    select 'the bucket defect-images is missing'
      where not exists (select from storage.buckets where id = 'defect-images')) as found
$$;

revoke all on function public.glassline_problems() from public, anon, authenticated;
grant execute on function public.glassline_problems() to service_role;

drop policy if exists glassline_look on storage.objects;
create policy glassline_look on storage.objects for select to authenticated
  using (bucket_id = 'defect-images' and (select public.glassline_role()) is not null);
