-- Defects and what belongs to them. A table `defects` of before keeps every row, column and value, and gains columns.
-- All of these files may be run again at any time.

create table if not exists public.defects (
  id           uuid primary key default gen_random_uuid(),
  device_id    text,
  defect_type  text not null,
  detected_at  timestamptz not null,
  image_url    text,
  image_path   text,
  status       text not null default 'pending',
  confidence   double precision,
  notes        text,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

alter table public.defects
  add column if not exists device_id        text,
  add column if not exists image_url        text,
  add column if not exists image_path       text,
  add column if not exists status           text not null default 'pending',
  add column if not exists confidence       double precision,
  add column if not exists notes            text,
  add column if not exists created_at       timestamptz not null default now(),
  add column if not exists updated_at       timestamptz not null default now(),
  add column if not exists rev              integer not null default 0,
  add column if not exists phase            text not null default 'end',
  add column if not exists boxes            jsonb not null default '[]',
  add column if not exists last_seen_at     timestamptz,
  add column if not exists frame_at         timestamptz,
  add column if not exists confirmed_at     timestamptz,
  add column if not exists frames_confirmed bigint not null default 0,
  add column if not exists model            text not null default '',
  add column if not exists model_sha256     text,
  add column if not exists clock            text not null default 'synced',
  add column if not exists image_sha256     text,
  add column if not exists image_size_bytes bigint,
  add column if not exists image_width      integer,
  add column if not exists image_height     integer,
  add column if not exists image_stored     boolean not null default false,
  add column if not exists image_removed_at timestamptz,
  add column if not exists reviewed_by      text,
  add column if not exists reviewed_at      timestamptz,
  add column if not exists version          integer not null default 0;

comment on column public.defects.rev is 'State of the detection on the node: only a higher one is ever written.';
comment on column public.defects.image_stored is
  'The picture named by image_sha256 is in the bucket. Rows of before have only an image_path.';
comment on column public.defects.image_removed_at is
  'The picture had been kept for long enough and is gone; image_stored still says that it had come.';
comment on column public.defects.version is 'Grows with every review: of two people at once, the second is told.';

do $$
begin
  if not exists (select from pg_constraint
                 where conrelid = 'public.defects'::regclass and conname = 'defects_status_known') then
    alter table public.defects add constraint defects_status_known
      check (status in ('pending', 'reviewed', 'resolved')) not valid;  -- rows of before may say something else
  end if;
end $$;

create index if not exists defects_by_time on public.defects (detected_at desc, id desc);
create index if not exists defects_by_device on public.defects (device_id, detected_at desc, id desc);
create index if not exists defects_by_type on public.defects (defect_type, detected_at desc, id desc);
create index if not exists defects_by_status on public.defects (status, detected_at desc, id desc);

create index if not exists defects_with_picture on public.defects (detected_at, id) include (image_size_bytes)
  where image_path is not null and image_removed_at is null;

create table if not exists public.defect_reviews (
  id          bigint generated always as identity primary key,
  defect_id   uuid not null references public.defects (id) on delete cascade,
  at          timestamptz not null,
  by          text not null,
  from_status text not null,
  to_status   text not null,
  note        text not null,
  version     integer not null,
  unique (defect_id, version)
);

create table if not exists public.glassline_devices (
  device_id     text primary key,
  role          text,
  status        text,
  first_seen_at timestamptz not null,
  last_seen_at  timestamptz not null,
  info          jsonb not null default '{}'
);

-- Pictures in the bucket whose detection, or the rev of it that names them, has not come yet.
create table if not exists public.glassline_orphans (
  id          bigint generated always as identity primary key,
  device_id   text not null,
  defect_id   uuid not null,
  rev         integer not null,
  sha256      text not null,
  received_at timestamptz not null,
  unique (defect_id, sha256, device_id)
);

create index if not exists glassline_orphans_by_device on public.glassline_orphans (device_id, id);
create index if not exists glassline_orphans_by_time on public.glassline_orphans (received_at);

-- What can never be stored. `payload` is base64, cut where it is long; `sha256` and `size_bytes` are of the whole.
create table if not exists public.glassline_dead_letters (
  id         bigint generated always as identity primary key,
  device_id  text not null,
  kind       text not null,
  event_id   text,
  rev        integer not null,
  error      text not null,
  payload    text not null,
  size_bytes bigint not null,
  sha256     text not null,
  first_at   timestamptz not null,
  last_at    timestamptz not null,
  times      integer not null default 1,
  unique (device_id, kind, sha256)
);

create index if not exists glassline_dead_letters_by_time on public.glassline_dead_letters (device_id, first_at);

-- Who may do what when signed in: nobody without a row here sees anything.
create table if not exists public.glassline_people (
  user_id uuid primary key,
  role    text not null check (role in ('viewer', 'reviewer', 'admin'))
);

-- Closed before anything else happens: who may read what follows in the last file.
do $$
declare
  name text;
begin
  foreach name in array array['defects', 'defect_reviews', 'glassline_devices', 'glassline_orphans',
                              'glassline_dead_letters', 'glassline_people'] loop
    execute format('alter table public.%I enable row level security', name);
    execute format('revoke all on public.%I from anon, authenticated', name);
    execute format('grant all on public.%I to service_role', name);
  end loop;
end $$;

create or replace function public.glassline_touch() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end $$;

create or replace trigger glassline_touch before update on public.defects
  for each row execute function public.glassline_touch();
