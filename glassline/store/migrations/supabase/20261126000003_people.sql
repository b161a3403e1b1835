-- What people do with defects, what is remembered of programs, and what is forgotten.

create or replace function public.glassline_role() returns text
language sql stable security definer set search_path = '' as $$
  select case when auth.role() = 'service_role' then 'service'
              else (select role from public.glassline_people where user_id = auth.uid()) end
$$;

-- {outcome: done | conflict | unknown, defect: its row}. Reviewers and admins review in their own name.
create or replace function public.glassline_review(event uuid, new_status text, note text, reviewer text, seen_version int)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  current public.defects;
  who constant text := case public.glassline_role() when 'service' then reviewer else auth.jwt() ->> 'email' end;
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
  insert into public.defect_reviews (defect_id, at, by, from_status, to_status, note, version)
    values (event, now(), who, current.status, new_status, coalesce(note, current.notes, ''), seen_version + 1);
  update public.defects set status = new_status, notes = coalesce(note, notes), reviewed_by = who, reviewed_at = now(),
      version = version + 1
    where id = event returning * into current;
  return jsonb_build_object('outcome', 'done', 'defect', to_jsonb(current));
end $$;

-- What is left null stays. Names may be made up: who found something stays, then who said what it is, then who was seen
-- last. Returns how many were forgotten.
create or replace function public.glassline_remember(device text, new_role text, new_status text, new_info jsonb, seen boolean)
returns int language plpgsql set search_path = '' as $$
declare
  altogether constant int := 1000;
  total int;
begin
  insert into public.glassline_devices as d (device_id, role, status, first_seen_at, last_seen_at, info)
    values (device, new_role, new_status, now(), now(), coalesce(new_info, '{}'))
    on conflict (device_id) do update set
      role = coalesce(new_role, d.role), status = coalesce(new_status, d.status), info = coalesce(new_info, d.info),
      last_seen_at = case when seen then now() else d.last_seen_at end;
  select count(*) into total from public.glassline_devices;
  if total <= altogether then
    return 0;
  end if;
  delete from public.glassline_devices where device_id in (
    select device_id from public.glassline_devices d
    order by exists (select from public.defects where device_id = d.device_id) desc, role is not null desc,
      last_seen_at desc
    offset altogether);
  get diagnostics total = row_count;
  return total;
end $$;

-- Orphans that waited an hour, as [[event_id, sha256]] whose pictures nothing names any more, and their number.
create or replace function public.glassline_expire_orphans()
returns jsonb language plpgsql set search_path = '' as $$
declare
  gone jsonb;
begin
  with taken as (
    delete from public.glassline_orphans where received_at < now() - interval '1 hour' returning defect_id, sha256)
  select coalesce(jsonb_agg(jsonb_build_array(defect_id, sha256)), '[]') into gone from taken;
  return jsonb_build_object('orphans_dropped', jsonb_array_length(gone), 'unnamed', public.glassline_unnamed(gone));
end $$;

-- What was kept for long enough goes, oldest first, at most so many pictures and rows a call (dry: nothing, and all is
-- counted). {rows, pictures, picture_bytes, more, paths: those in the bucket that nothing names now}
create or replace function public.glassline_prune(
  evidence_before timestamptz, evidence_bytes bigint, rows_before timestamptz, at_most int, dry boolean)
returns jsonb language plpgsql set search_path = '' as $$
declare
  most constant bigint := case when dry then 9223372036854775807 else at_most end;
  excess bigint := 0;
  old_rows uuid[];
  done jsonb;
begin
  select coalesce(array_agg(id), '{}') into old_rows from (
    select id from public.defects where detected_at < rows_before order by detected_at, id limit most) as old;
  if evidence_bytes is not null then
    select coalesce(sum(image_size_bytes), 0) - evidence_bytes into excess from public.defects
      where image_path is not null and image_removed_at is null;
  end if;
  create temporary table pruned_pictures on commit drop as
    select id, image_path, coalesce(image_size_bytes, 0) as size_bytes from (
      select *, coalesce(sum(image_size_bytes) over (order by detected_at, id rows between unbounded preceding
                                                     and 1 preceding), 0) as freed
      from public.defects where image_path is not null and image_removed_at is null
      order by detected_at, id limit most) as oldest
    where detected_at < evidence_before or freed < excess or id = any (old_rows);
  select jsonb_build_object('rows', cardinality(old_rows), 'pictures', count(*),
      'picture_bytes', coalesce(sum(size_bytes), 0), 'more', count(*) >= most or cardinality(old_rows) >= most,
      'paths', case when dry then '[]' else coalesce(jsonb_agg(image_path), '[]') end)
    into done from pruned_pictures;
  if not dry then
    update public.defects set image_removed_at = now() where id in (select id from pruned_pictures);
    delete from public.defects where id = any (old_rows);
  end if;
  drop table pruned_pictures;
  return done;
end $$;

-- Paths of pictures in a folder of the bucket that a crash left without a row, after an hour.
create or replace function public.glassline_strays(folder text)
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(name), '[]') from (
    select name, split_part(name, '/', 3) as file from storage.objects
    where bucket_id = 'defect-images' and name like folder || '/%' and created_at < now() - interval '1 hour') as old
  where file !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-f]{64}\.jpg$'
    or not public.glassline_is_named(substr(file, 1, 36)::uuid, substr(file, 38, 64))
$$;

-- Writes a row and takes it back: an error says why rows cannot be written.
create or replace function public.glassline_probe()
returns void language plpgsql set search_path = '' as $$
begin
  insert into public.glassline_dead_letters (device_id, kind, rev, error, payload, size_bytes, sha256, first_at, last_at)
    values ('', 'probe', 0, '', '', 0, '', now(), now());
  raise exception using errcode = 'GL000';
exception when sqlstate 'GL000' then
  return;
end $$;

create or replace function public.glassline_counts(
  device text, label text, of_status text, since timestamptz, until timestamptz, pattern text)
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_object_agg(status, total), '{}') from (
    select status, count(*) as total from public.defects
    where (device is null or device_id = device) and (label is null or defect_type = label)
      and (of_status is null or status = of_status)
      and (since is null or detected_at >= since) and (until is null or detected_at < until)
      and (pattern is null or notes ilike pattern)
    group by status) as each
$$;

-- For charts: whoever may read defects may read these.
create or replace view public.glassline_defects_by_hour with (security_invoker = true) as
  select date_trunc('hour', detected_at) as hour, device_id, defect_type, status, count(*) as defects
  from public.defects group by 1, 2, 3, 4;

create or replace view public.glassline_defects_by_day with (security_invoker = true) as
  select date_trunc('day', detected_at, 'UTC') as day, device_id, defect_type, status, count(*) as defects
  from public.defects group by 1, 2, 3, 4;

create or replace view public.glassline_backlog with (security_invoker = true) as
  select device_id, count(*) as pending, min(detected_at) as oldest_at
  from public.defects where status = 'pending' group by device_id;

create or replace function public.glassline_schema_version() returns int
language sql immutable set search_path = '' as $$ select 1 $$;
