-- What somebody may add to an adopted table.
alter table public.defects add column workshop text not null default 'before';
alter table public.defects alter column workshop drop default;
