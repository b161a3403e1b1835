-- What the bridge does: `glassline_apply` commits a batch in one transaction and says what became of each event.
--
-- For every order and repetition of what was sent the rows end the same: the highest rev wins, and its picture is stored
-- once it has come. A picture for a rev that is still to come waits as an orphan; one that a higher rev has replaced is
-- refused. What people wrote (status, notes, who, when) is never touched. Pictures are in the bucket before they are
-- named here.
--
-- Each `glassline_apply_…` returns what its item changed, as far as it did:
--   settled    the event whose state is to be told
--   refused    what is to be told of the item instead
--   set_aside  why it cannot be stored: the caller sends it again as a dead letter
--   dropped    digests of pictures of the event that may have lost their name
--   counts     rows, images, orphans, orphans_dropped, dead_letters, dead_letters_dropped

create or replace function public.glassline_refusal(item jsonb, row_word text, image_word text, error text)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object('device_id', item->>'device_id', 'event_id', item->>'event_id', 'rev', (item->>'rev')::int,
                            'row', row_word, 'image', image_word, 'error', error)
$$;

create or replace function public.glassline_apply_detection(item jsonb)
returns jsonb language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  new public.defects := jsonb_populate_record(null::public.defects, item->'defect');
  old public.defects;
  had text[] := '{}';
  here text[];
begin
  select * into old from public.defects where id = new.id;
  if old.id is not null and old.device_id is distinct from new.device_id then
    return jsonb_build_object('set_aside', 'this event_id belongs to another device');
  elsif old.id is not null and old.rev >= new.rev then
    return jsonb_build_object('settled', new.id);
  end if;

  if old.image_stored then
    had := array[old.image_sha256];
  end if;
  with taken as (
    delete from public.glassline_orphans
    where device_id = new.device_id and defect_id = new.id and (rev <= new.rev or sha256 = new.image_sha256)
    returning sha256)
  select had || coalesce(array_agg(sha256), '{}') into here from taken;
  new.image_stored := coalesce(new.image_sha256 = any (here), false);
  if not new.image_stored then
    new.image_path := null;
  end if;

  insert into public.defects (id, device_id, rev, phase, defect_type, confidence, boxes, detected_at, last_seen_at,
      frame_at, confirmed_at, frames_confirmed, model, model_sha256, clock, image_sha256, image_size_bytes, image_width,
      image_height, image_stored, image_path, notes)
    values (new.id, new.device_id, new.rev, new.phase, new.defect_type, new.confidence, new.boxes, new.detected_at,
      new.last_seen_at, new.frame_at, new.confirmed_at, new.frames_confirmed, new.model, new.model_sha256, new.clock,
      new.image_sha256, new.image_size_bytes, new.image_width, new.image_height, new.image_stored, new.image_path, '')
    on conflict (id) do update set
      rev = excluded.rev, phase = excluded.phase, defect_type = excluded.defect_type, confidence = excluded.confidence,
      boxes = excluded.boxes, detected_at = excluded.detected_at, last_seen_at = excluded.last_seen_at,
      frame_at = excluded.frame_at, confirmed_at = excluded.confirmed_at,
      frames_confirmed = excluded.frames_confirmed, model = excluded.model, model_sha256 = excluded.model_sha256,
      clock = excluded.clock, image_sha256 = excluded.image_sha256, image_size_bytes = excluded.image_size_bytes,
      image_width = excluded.image_width, image_height = excluded.image_height, image_stored = excluded.image_stored,
      image_path = excluded.image_path,
      image_removed_at = case when defects.image_sha256 = excluded.image_sha256 then defects.image_removed_at end;
  return jsonb_build_object(
    'settled', new.id,
    'dropped', to_jsonb(array(select sha from unnest(here) as sha where sha is distinct from new.image_sha256)),
    'counts', jsonb_build_object('rows', 1, 'images', (new.image_stored and not new.image_sha256 = any (had))::int));
end $$;

create or replace function public.glassline_keep_orphan(item jsonb)
returns jsonb language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  per_device constant int := 20;
  altogether constant int := 200;
  gone jsonb;
begin
  update public.glassline_orphans set rev = greatest(rev, (item->>'rev')::int)
    where device_id = item->>'device_id' and defect_id = (item->>'event_id')::uuid and sha256 = item->>'sha256';
  if found then
    return '{}';
  end if;
  insert into public.glassline_orphans (device_id, defect_id, sha256, rev, received_at)
    values (item->>'device_id', (item->>'event_id')::uuid, item->>'sha256', (item->>'rev')::int, now());
  with taken as (
    delete from public.glassline_orphans where id in (
      (select id from public.glassline_orphans where device_id = item->>'device_id' order by id desc offset per_device)
      union all (select id from public.glassline_orphans order by id desc offset altogether))
    returning defect_id, sha256)
  select coalesce(jsonb_agg(jsonb_build_array(defect_id, sha256)), '[]') into gone from taken;
  return jsonb_build_object('dropped', gone,
    'counts', jsonb_build_object('orphans', 1, 'orphans_dropped', jsonb_array_length(gone)));
end $$;

create or replace function public.glassline_apply_evidence(item jsonb)
returns jsonb language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  sent_rev constant int := (item->>'rev')::int;
  sent constant jsonb := jsonb_build_array(item->>'sha256');
  old public.defects;
begin
  select * into old from public.defects where id = (item->>'event_id')::uuid;
  if old.id is not null and old.device_id is distinct from item->>'device_id' then
    return jsonb_build_object('set_aside', 'this event_id belongs to another device', 'dropped', sent);
  elsif old.image_sha256 = item->>'sha256' then
    if not old.image_stored then
      update public.defects set image_stored = true, image_path = item->>'image_path' where id = old.id;
    end if;
    return jsonb_build_object('settled', old.id, 'dropped', sent,  -- it may have been kept long enough
      'counts', jsonb_build_object('images', (not old.image_stored)::int));
  elsif old.id is null or sent_rev > old.rev then
    return public.glassline_keep_orphan(item);
  elsif old.image_stored then
    return jsonb_build_object('settled', old.id, 'dropped', sent);
  elsif sent_rev < old.rev then
    return jsonb_build_object('dropped', sent, 'refused', public.glassline_refusal(item, 'stored', 'rejected',
      format('rev %s has replaced this picture of rev %s', old.rev, sent_rev)));
  end if;
  return jsonb_build_object('dropped', sent, 'set_aside', format('rev %s names %s, got one with %s', old.rev,
    coalesce('a picture with SHA-256 ' || old.image_sha256, 'no picture'), item->>'sha256'));
end $$;

create or replace function public.glassline_keep_dead(item jsonb)
returns jsonb language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  per_device_and_hour constant int := 100;
  per_device constant int := 1000;
  altogether constant int := 2000;
  slack constant int := 100;
  device constant text := item->>'device_id';
  dropped int;
  total int;
begin
  update public.glassline_dead_letters set times = times + 1, last_at = now()
    where device_id = device and kind = item->>'of' and sha256 = item->>'sha256';
  if found then
    return '{}';
  end if;
  if not (item->>'readable')::boolean and per_device_and_hour <= (
      select count(*) from public.glassline_dead_letters
      where device_id = device and first_at > now() - interval '1 hour') then
    return '{"dead_letters_dropped": 1}';
  end if;
  insert into public.glassline_dead_letters (device_id, kind, event_id, rev, error, payload, size_bytes, sha256, first_at,
      last_at)
    values (device, item->>'of', item->>'event_id', (item->>'rev')::int, item->>'error',
      item->>'payload', (item->>'size_bytes')::bigint, item->>'sha256', now(), now());
  delete from public.glassline_dead_letters where id in (
    select id from public.glassline_dead_letters where device_id = device
    order by first_at desc, id desc offset per_device);
  get diagnostics dropped = row_count;
  select count(*) into total from public.glassline_dead_letters;
  if total > altogether + slack then  -- the oldest of the devices that have most make room
    delete from public.glassline_dead_letters where id in (
      select id from (
        select id, row_number() over (partition by device_id order by first_at desc, id desc) as nth
        from public.glassline_dead_letters) as ranked
      order by nth, id desc offset altogether);
    get diagnostics total = row_count;
    dropped := dropped + total;
  end if;
  return jsonb_build_object('dead_letters', 1, 'dead_letters_dropped', dropped);
end $$;

-- A refused picture says nothing of its detection: while that has not come, the node must not be told to forget anything.
create or replace function public.glassline_apply_dead(item jsonb)
returns jsonb language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  done constant jsonb := jsonb_build_object('counts', public.glassline_keep_dead(item));
  evidence constant boolean := item->>'of' = 'evidence';
  old public.defects;
begin
  if item->>'event_id' is null then
    return done;
  end if;
  select * into old from public.defects where id = (item->>'event_id')::uuid;
  if old.id is not null and old.device_id is distinct from item->>'device_id' then
    return done || jsonb_build_object('refused', public.glassline_refusal(item, 'rejected', 'rejected', item->>'error'));
  elsif old.rev >= (item->>'rev')::int then
    if evidence and not old.image_stored then
      return done || jsonb_build_object('refused', public.glassline_refusal(item, 'stored', 'rejected', item->>'error'));
    end if;
    return done || jsonb_build_object('settled', old.id);
  elsif not evidence then
    return done || jsonb_build_object('refused', public.glassline_refusal(item, 'rejected', 'none', item->>'error'));
  end if;
  return done;
end $$;

create or replace function public.glassline_is_named(event uuid, digest text)
returns boolean language sql stable set search_path = '' as $$
  select exists (select from public.defects
                 where id = event and image_sha256 = digest and image_stored and image_removed_at is null)
      or exists (select from public.glassline_orphans where defect_id = event and sha256 = digest)
$$;

create or replace function public.glassline_told(events uuid[])
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('device_id', d.device_id, 'event_id', d.id, 'rev', d.rev, 'row', 'stored',
      'image', case when d.image_sha256 is null then 'none' when d.image_stored then 'stored' else 'missing' end,
      'error', null) order by e.nth), '[]')
  from unnest(events) with ordinality as e (id, nth) join public.defects d on d.id = e.id
$$;

-- {outcomes: [{device_id, event_id, rev, row, image, error}], set_aside: [[index, error]], unnamed: [[event_id, sha256]],
--  counts: {…}}
create or replace function public.glassline_apply(items jsonb)
returns jsonb language plpgsql set search_path = '' set statement_timeout = '14s' as $$
#variable_conflict use_variable
declare
  item jsonb;
  nth int := -1;
  missing text;
  done jsonb;
  settled uuid[] := '{}';
  refused jsonb := '[]';
  aside jsonb := '[]';
  dropped jsonb := '[]';
  counts jsonb := '{}';
begin
  perform pg_advisory_xact_lock(7165417);  -- one bridge at a time
  for item in select value from jsonb_array_elements(items) loop
    nth := nth + 1;
    begin
      done := case item->>'kind' when 'detection' then public.glassline_apply_detection(item)
                                 when 'evidence' then public.glassline_apply_evidence(item)
                                 else public.glassline_apply_dead(item) end;
    exception when integrity_constraint_violation or data_exception or raise_exception then
      get stacked diagnostics missing = column_name;
      if sqlstate = '23502' and not (item || coalesce(item->'defect', '{}')) ? missing then
        raise;  -- a column that we know nothing of: no item can do better, so it is the table's fault
      end if;
      done := jsonb_build_object('set_aside', sqlerrm, 'dropped', jsonb_build_array(item->>'sha256'));
    end;
    if done ? 'settled' and not (done->>'settled')::uuid = any (settled) then
      settled := settled || (done->>'settled')::uuid;
    end if;
    if done ? 'refused' and not refused @> jsonb_build_array(done->'refused') then
      refused := refused || jsonb_build_array(done->'refused');
    end if;
    if done ? 'set_aside' then
      aside := aside || jsonb_build_array(jsonb_build_array(nth, done->'set_aside'));
    end if;
    if jsonb_array_length(done->'dropped') > 0 then
      dropped := dropped || public.glassline_pictures(item, done->'dropped');
    end if;
    if done ? 'counts' then
      counts := public.glassline_sum(counts, done->'counts');
    end if;
  end loop;
  return jsonb_build_object('outcomes', public.glassline_told(settled) || refused, 'set_aside', aside, 'counts', counts,
    'unnamed', public.glassline_unnamed(dropped));
end $$;

create or replace function public.glassline_pictures(item jsonb, digests jsonb)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_agg(case jsonb_typeof(one) when 'array' then one else
      jsonb_build_array(coalesce(item->>'event_id', item->'defect'->>'id'), one) end), '[]')
  from jsonb_array_elements(digests) as one where one <> 'null'
$$;

create or replace function public.glassline_unnamed(pictures jsonb)
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(distinct one), '[]') from jsonb_array_elements(pictures) as one
  where not public.glassline_is_named((one->>0)::uuid, one->>1)
$$;

create or replace function public.glassline_sum(counts jsonb, more jsonb)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_object_agg(key, total), '{}') from (
    select key, sum(value::bigint) as total
    from (select * from jsonb_each_text(counts) union all select * from jsonb_each_text(more)) as pairs group by key) as sums
$$;
