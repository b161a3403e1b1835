-- What the dashboard asks: many filters at once, figures over a time, reviews of many defects, and how long devices were
-- there. A filter is JSON: {device_ids, labels, statuses, since, until, score_min, text, false_alarm}, of which what is
-- missing does not restrict; `text` is a pattern of ILIKE.

alter table public.defects add column if not exists false_alarm text;
alter table public.defect_reviews add column if not exists false_alarm text;
alter table public.glassline_devices
  add column if not exists name       text,
  add column if not exists retired_at timestamptz;

comment on column public.defects.false_alarm is 'Why it was no defect, as people say it: written like the notes.';

alter table public.defects drop constraint if exists defects_false_alarm_known;
alter table public.defects add constraint defects_false_alarm_known
  check (false_alarm in ('reflection', 'dirt', 'water', 'edge', 'duplicate', 'other'));

create index if not exists defects_by_facts on public.defects (detected_at desc, id desc)
  include (device_id, defect_type, status, confidence, false_alarm);
drop index if exists public.defects_by_time;
create index if not exists defects_with_note on public.defects (detected_at desc, id desc) where notes <> '';

create index if not exists defects_false_alarms on public.defects (detected_at desc, id desc)
  where false_alarm is not null;

-- From when to when a program was heard, and by which bridge: how long that one listened is what it heard of itself.
create table if not exists public.glassline_presence (
  id        bigint generated always as identity primary key,
  device_id text not null,
  heard_by  text not null,
  began_at  timestamptz not null,
  last_at   timestamptz not null
);

create index if not exists glassline_presence_by_device on public.glassline_presence (device_id, heard_by, last_at);
create index if not exists glassline_presence_by_time on public.glassline_presence (last_at);

alter table public.glassline_presence enable row level security;
revoke all on public.glassline_presence from anon, authenticated;
grant all on public.glassline_presence to service_role;
grant select on public.glassline_presence to authenticated;
drop policy if exists glassline_read on public.glassline_presence;
create policy glassline_read on public.glassline_presence for select to authenticated
  using ((select public.glassline_role()) is not null);

create or replace function public.glassline_texts(list jsonb)
returns text[] language sql immutable set search_path = '' as $$
  select array_agg(one) from jsonb_array_elements_text(list) as one
$$;

-- The conditions of a filter: as SQL with its values in it, so that each filter has a plan of its own.
create or replace function public.glassline_where(asked jsonb)
returns text language sql immutable set search_path = '' as $$
  select concat_ws(' and ', 'true',
    'd.detected_at >= ' || quote_literal(asked->>'since') || '::timestamptz',
    'd.detected_at < ' || quote_literal(asked->>'until') || '::timestamptz',
    'd.device_id = any (' || quote_literal(public.glassline_texts(asked->'device_ids')) || '::text[])',
    'd.defect_type = any (' || quote_literal(public.glassline_texts(asked->'labels')) || '::text[])',
    'd.status = any (' || quote_literal(public.glassline_texts(asked->'statuses')) || '::text[])',
    'd.confidence >= ' || quote_literal(asked->>'score_min') || '::double precision',
    'd.false_alarm is ' || case (asked->>'false_alarm')::boolean when true then 'not null' when false then 'null' end,
    'd.notes <> '''' and d.notes ilike ' || quote_literal(asked->>'text'))
$$;

-- A page of defects, newest first; behind (after_at, after_id) where these are given, and without the first `skipped`.
create or replace function public.glassline_page(
  asked jsonb, after_at timestamptz, after_id uuid, at_most int, skipped int)
returns setof public.defects language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
begin
  return query execute format(
    'select one.* from (select d.id from public.defects d where %s %s order by d.detected_at desc, d.id desc limit %s offset %s) '
    'as chosen join public.defects one using (id) order by one.detected_at desc, one.id desc',
    public.glassline_where(asked),
    'and (d.detected_at, d.id) < (' || quote_literal(after_at) || '::timestamptz, ' || quote_literal(after_id) || '::uuid)',
    at_most, skipped);
end $$;

drop function if exists public.glassline_counts(text, text, text, timestamptz, timestamptz, text);
create or replace function public.glassline_counts(asked jsonb)
returns jsonb language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
declare
  found jsonb;
begin
  execute format(
    'select coalesce(jsonb_object_agg(each.status, each.total), ''{}'') from ('
    'select coalesce(d.status, ''pending'') as status, count(*) as total from public.defects d where %s group by 1) as each',
    public.glassline_where(asked)) into found;
  return found;
end $$;

-- What waits for a review: {pending, oldest_at}
create or replace function public.glassline_waiting(asked jsonb)
returns jsonb language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
declare
  found jsonb;
begin
  execute format(
    'select jsonb_build_object(''pending'', count(*), ''oldest_at'', min(d.detected_at)) from public.defects d where %s',
    public.glassline_where(asked || '{"statuses": ["pending"]}')) into found;
  return found;
end $$;

-- [[n, device, type, number]]: how many there are of each device and type from the n-th of `starts` (1, 2, …) to the next.
create or replace function public.glassline_tallies(asked jsonb, starts timestamptz[])
returns jsonb language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
declare
  found jsonb;
begin
  execute format(
    'select coalesce(jsonb_agg(jsonb_build_array(each.nth, each.device, each.type, each.total)), ''[]'') from ('
    'select width_bucket(d.detected_at, $1) as nth, coalesce(d.device_id, '''') as device, d.defect_type as type, '
    'count(*) as total from public.defects d where %s group by 1, 2, 3 order by 1, 2, 3) as each',
    public.glassline_where(asked)) into found using starts;
  return found;
end $$;

-- What there is to filter by, a look-up in an index for each: {device_ids, labels}
create or replace function public.glassline_choices()
returns jsonb language sql stable set search_path = '' as $$
  with recursive devices (one) as (
    (select min(device_id) from public.defects)
    union all
    select (select min(d.device_id) from public.defects d where d.device_id > devices.one) from devices
      where devices.one is not null),
  labels (one) as (
    (select min(defect_type) from public.defects)
    union all
    select (select min(d.defect_type) from public.defects d where d.defect_type > labels.one) from labels
      where labels.one is not null)
  select jsonb_build_object(
    'device_ids', (select coalesce(jsonb_agg(one), '[]') from (select one from devices where one is not null limit 1000) as d),
    'labels', (select coalesce(jsonb_agg(one), '[]') from (select one from labels where one is not null limit 1000) as l))
$$;

-- {outcome: done | conflict | unknown, defect: its row}. Reviewers and admins review in their own name. What is null stays,
-- an empty text takes it away.
drop function if exists public.glassline_review(uuid, text, text, text, int);
create or replace function public.glassline_review(
  event uuid, new_status text, note text, reviewer text, seen_version int, new_false_alarm text default null)
returns jsonb language plpgsql security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  current public.defects;
  reason text;
  who constant text := case public.glassline_role() when 'service' then reviewer else coalesce(auth.jwt() ->> 'email', auth.uid()::text) end;
begin
  if coalesce(public.glassline_role(), '') not in ('service', 'reviewer', 'admin') then
    raise insufficient_privilege using message = 'only reviewers and admins may review';
  end if;
  select * into current from public.defects where id = event for update;
  if current.id is null then
    return jsonb_build_object('outcome', 'unknown');
  elsif current.version <> seen_version then
    return jsonb_build_object('outcome', 'conflict', 'defect', to_jsonb(current));
  end if;
  reason := nullif(coalesce(new_false_alarm, current.false_alarm), '');
  insert into public.defect_reviews (defect_id, at, by, from_status, to_status, note, version, false_alarm)
    values (event, now(), who, current.status, new_status, coalesce(note, current.notes, ''), seen_version + 1, reason);
  update public.defects set status = new_status, notes = coalesce(note, notes), false_alarm = reason, reviewed_by = who,
      reviewed_at = now(), version = version + 1
    where id = event returning * into current;
  return jsonb_build_object('outcome', 'done', 'defect', to_jsonb(current));
end $$;

-- Many at once, in one transaction: what `glassline_review` says of each of [{event, new_status, note, seen_version,
-- new_false_alarm}].
create or replace function public.glassline_review_many(reviews jsonb, reviewer text)
returns jsonb language plpgsql security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  one jsonb;
  told jsonb := '[]';
begin
  perform from public.defects d  -- in one order, so that two people never wait for each other
    where d.id in (select (said->>'event')::uuid from jsonb_array_elements(reviews) as said) order by d.id for update;
  for one in select value from jsonb_array_elements(reviews) loop
    told := told || public.glassline_review((one->>'event')::uuid, one->>'new_status', one->>'note', reviewer,
      (one->>'seen_version')::int, one->>'new_false_alarm');
  end loop;
  return told;
end $$;

-- What is left null stays; a retired device that says something other than `offline` is back. Names may be made up: who has
-- a name from people stays, then who found something, then who said what it is, then who was seen last. Returns how many
-- were forgotten.
create or replace function public.glassline_remember(device text, new_role text, new_status text, new_info jsonb, seen boolean)
returns int language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  altogether constant int := 1000;
  total int;
begin
  insert into public.glassline_devices as d (device_id, role, status, first_seen_at, last_seen_at, info)
    values (device, new_role, new_status, now(), now(), coalesce(new_info, '{}'))
    on conflict (device_id) do update set
      role = coalesce(new_role, d.role), status = coalesce(new_status, d.status), info = coalesce(new_info, d.info),
      last_seen_at = case when seen then now() else d.last_seen_at end,
      retired_at = case when seen and new_status is distinct from 'offline' then null else d.retired_at end;
  select count(*) into total from public.glassline_devices;
  if total <= altogether then
    return 0;
  end if;
  delete from public.glassline_devices where device_id in (
    select device_id from public.glassline_devices d
    order by name is not null desc, exists (select from public.defects where device_id = d.device_id) desc,
      role is not null desc, last_seen_at desc
    offset altogether);
  get diagnostics total = row_count;
  return total;
end $$;

-- Notes [{device_id, heard_by, began_at, last_at}]: what goes on where it ended, also over a silence of 15 s, is one.
create or replace function public.glassline_attend(heard jsonb)
returns void language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  altogether constant int := 100000;
  one record;
begin
  for one in select * from jsonb_to_recordset(heard)
      as said (device_id text, heard_by text, began_at timestamptz, last_at timestamptz) loop
    update public.glassline_presence p set last_at = one.last_at where p.id = (
      select n.id from public.glassline_presence n
      where n.device_id = one.device_id and n.heard_by = one.heard_by
        and n.last_at between one.began_at - interval '15 seconds' and one.last_at
      order by n.last_at desc limit 1);
    if not found then
      insert into public.glassline_presence (device_id, heard_by, began_at, last_at)
        values (one.device_id, one.heard_by, one.began_at, one.last_at);
    end if;
  end loop;
  delete from public.glassline_presence where id in (
    select id from public.glassline_presence order by last_at desc offset altogether);
end $$;

create or replace function public.glassline_heard(since timestamptz, until timestamptz)
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('device_id', p.device_id, 'heard_by', p.heard_by, 'began_at', p.began_at,
      'last_at', p.last_at)), '[]')
  from public.glassline_presence p where p.last_at >= since and p.began_at < until
$$;

do $$
declare
  made record;
begin
  for made in select p.oid::regprocedure as name, p.proname from pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.proname in ('glassline_where', 'glassline_texts',
        'glassline_page', 'glassline_counts', 'glassline_waiting', 'glassline_tallies', 'glassline_choices',
        'glassline_review', 'glassline_review_many', 'glassline_remember', 'glassline_attend', 'glassline_heard') loop
    execute format('revoke all on function %s from public, anon, authenticated', made.name);
    execute format('grant execute on function %s to service_role', made.name);
    if made.proname in ('glassline_review', 'glassline_review_many', 'glassline_counts', 'glassline_where',
        'glassline_texts') then
      execute format('grant execute on function %s to authenticated', made.name);
    end if;
  end loop;
end $$;

-- What is not as these files made it, in words.
create or replace function public.glassline_problems() returns jsonb
language sql stable security definer set search_path = '' as $$
  with ours as (
    select oid, relname, relrowsecurity from pg_catalog.pg_class
    where relnamespace = 'public'::regnamespace and relname in ('defects', 'defect_reviews', 'glassline_devices',
      'glassline_orphans', 'glassline_dead_letters', 'glassline_people', 'glassline_presence'))
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

create or replace function public.glassline_schema_version() returns int
language sql immutable set search_path = '' as $$ select 2 $$;
