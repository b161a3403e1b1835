-- What people do with defects, what is remembered of programs, and what is forgotten.

create or replace function public.glassline_role() returns text
language sql stable security definer set search_path = '' as $$
  select case when auth.role() = 'service_role' then 'service'
              else (select role from public.glassline_people where user_id = auth.uid()) end
$$;

-- {outcome: done | conflict | unknown, defect: its row}. Reviewers and admins review in their own name.
create or replace function public.glassline_review(event uuid, new_status text, note text, reviewer text, seen_version int)
returns jsonb language plpgsql security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  current public.defects;
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
#variable_conflict use_variable
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
#variable_conflict use_variable
declare
  gone jsonb;
begin
  with taken as (
    delete from public.glassline_orphans where received_at < now() - interval '1 hour' returning defect_id, sha256)
  select coalesce(jsonb_agg(jsonb_build_array(defect_id, sha256)), '[]') into gone from taken;
  return jsonb_build_object('orphans_dropped', jsonb_array_length(gone), 'unnamed', public.glassline_unnamed(gone));
end $$;

-- What was kept for long enough goes, oldest first, at most so many pictures and rows a call (dry: nothing, and all is
-- counted). {rows, pictures, picture_bytes, paths: those in the bucket that no row names now}
create or replace function public.glassline_prune(
  evidence_before timestamptz, evidence_bytes bigint, rows_before timestamptz, at_most int, dry boolean)
returns jsonb language plpgsql set search_path = '' set statement_timeout = '14s' as $$
#variable_conflict use_variable
declare
  most constant bigint := case when dry then 9223372036854775807 else at_most end;
  before constant timestamptz := greatest(evidence_before, case when dry then rows_before end);
  excess bigint := 0;
  old_rows uuid[];
  old_pictures uuid[];
  done jsonb;
begin
  perform pg_advisory_xact_lock(7165417);  -- nothing is applied meanwhile
  if evidence_bytes is not null then
    select coalesce(sum(d.image_size_bytes), 0) - evidence_bytes into excess from public.defects d
      where d.image_path is not null and d.image_removed_at is null;
  end if;
  select coalesce(array_agg(old.id), '{}') into old_rows from (
    select d.id from public.defects d where d.detected_at < rows_before order by d.detected_at, d.id limit most) as old;
  select coalesce(array_agg(old.id), '{}') into old_pictures from (
    select d.id, d.detected_at, d.image_size_bytes,
      coalesce(sum(d.image_size_bytes) over (order by d.detected_at, d.id
                                             rows between unbounded preceding and 1 preceding), 0) as freed
    from public.defects d where d.image_path is not null and d.image_removed_at is null
    order by d.detected_at, d.id limit most) as old
    where old.detected_at < before or (old.freed < excess and old.image_size_bytes is not null);
  if not dry then
    old_pictures := array(select distinct one from unnest(old_pictures || old_rows) as one);
  end if;
  select jsonb_build_object('rows', cardinality(old_rows), 'pictures', count(*),
      'picture_bytes', coalesce(sum(d.image_size_bytes), 0),
      'paths', case when dry then '[]' else coalesce(jsonb_agg(d.image_path), '[]') end)
    into done from public.defects d
    where d.id = any (old_pictures) and d.image_path is not null and d.image_removed_at is null;
  if not dry then
    update public.defects set image_removed_at = now() where id = any (old_pictures) and image_removed_at is null;
    delete from public.defects where id = any (old_rows);
  end if;
  return done;
end $$;

-- Paths of pictures in a folder of the bucket that a crash left without a row, after an hour.
create or replace function public.glassline_strays(folder text)
returns jsonb language sql stable security definer set search_path = '' set statement_timeout = '14s' as $$
  select coalesce(jsonb_agg(old.name), '[]') from (
    select o.name, split_part(o.name, '/', 3) as file from storage.objects o
    where o.bucket_id = 'defect-images'
      and o.name collate "C" >= glassline_strays.folder || '/' and o.name collate "C" < glassline_strays.folder || '0'
      and greatest(o.created_at, o.updated_at) < now() - interval '1 hour') as old
  where old.file !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-f]{64}\.jpg$'
    or not public.glassline_is_named(substr(old.file, 1, 36)::uuid, substr(old.file, 38, 64))
$$;

revoke all on function public.glassline_strays(text) from public, anon, authenticated;

-- Writes rows as large as they get and takes them back: an error says why they cannot be written.
create or replace function public.glassline_probe()
returns void language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  event constant uuid := gen_random_uuid();
begin
  insert into public.defects (id, device_id, rev, phase, defect_type, confidence, boxes, detected_at, last_seen_at, frame_at,
      confirmed_at, frames_confirmed, model, model_sha256, clock, image_sha256, image_size_bytes, image_width, image_height,
      image_stored, image_path, notes)
    values (event, repeat('d', 32), 2147483647, 'update', repeat('l', 64), 0.5, '[]', now(), now(), now(), now(), 1,
      repeat('m', 100), repeat('0', 64), 'unsynced', repeat('0', 64), 1500000, 4096, 4096, true,
      format('detections/00/%s-%s.jpg', event, repeat('0', 64)), '');
  update public.defects set status = 'reviewed' where id = event;
  insert into public.glassline_dead_letters (device_id, kind, rev, error, payload, size_bytes, sha256, first_at, last_at)
    values ('', 'probe', 0, '', '', 0, '', now(), now());
  raise exception using errcode = 'GL000';
exception when sqlstate 'GL000' then
  return;
end $$;

create or replace function public.glassline_counts(
  device text, label text, of_status text, since timestamptz, until timestamptz, pattern text)
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_object_agg(each.status, each.total), '{}') from (
    select coalesce(d.status, 'pending') as status, count(*) as total from public.defects d
    where (glassline_counts.device is null or d.device_id = glassline_counts.device)
      and (glassline_counts.label is null or d.defect_type = glassline_counts.label)
      and (glassline_counts.of_status is null or d.status = glassline_counts.of_status)
      and (glassline_counts.since is null or d.detected_at >= glassline_counts.since)
      and (glassline_counts.until is null or d.detected_at < glassline_counts.until)
      and (glassline_counts.pattern is null or d.notes ~* glassline_counts.pattern)
    group by 1) as each
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
