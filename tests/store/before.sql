-- The database of somebody who used what came before: a table and a bucket open to whoever holds the published key.
create table public.defects (
  id              uuid primary key default gen_random_uuid(),
  device_id       text,
  defect_type     text not null,
  detected_at     timestamptz not null,
  image_url       text,
  image_path      text,
  status          text not null default 'pending' check (status in ('pending', 'reviewed', 'resolved')),
  confidence      double precision,
  notes           text,
  detected_defects jsonb,
  defect_count    integer,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);
create function public.update_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end $$;
create trigger update_defects_updated_at before update on public.defects
  for each row execute function public.update_updated_at();
alter table public.defects enable row level security;
create policy "Anyone can read" on public.defects for select using (true);
create policy "Anyone can insert" on public.defects for insert with check (true);
create policy "Anyone can update" on public.defects for update using (true);
grant all on public.defects to anon, authenticated, service_role;

insert into public.defects (device_id, defect_type, detected_at, image_url, image_path, status, confidence, notes,
    detected_defects, defect_count, created_at, updated_at)
select case when n % 7 = 0 then null else 'CAM-00' || n % 3 end,
       (array['scratch', 'crack', 'Bubble', 'chip'])[1 + n % 4],
       timestamptz '2026-02-01 08:00:00.123456+00' + n * interval '37.000001 seconds',
       case when n % 2 = 0 then 'https://example.supabase.co/storage/v1/object/public/defect-images/defects/' || n || '.jpg' end,
       case when n % 2 = 0 then 'defects/scratch/' || n || '.jpg' end,
       (array['pending', 'reviewed', 'resolved'])[1 + n % 3],
       case when n % 11 = 0 then null else (n % 100) / 100.0 end,
       case when n % 5 = 0 then null else 'Confidence: ' || n % 100 || '%' end,
       case when n % 4 = 0 then jsonb_build_array(jsonb_build_object('type', 'scratch', 'confidence', n / 1000.0)) end,
       n % 4,
       timestamptz '2026-02-01 08:00:01+00' + n * interval '37 seconds',
       timestamptz '2026-02-02 09:00:00.5+00' + n * interval '1 second'
from generate_series(1, 1000) as n;
