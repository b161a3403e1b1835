"""A Supabase project on this machine: for tests, for `glassline bench bridge`, and to look at."""

from .server import MIGRATIONS, MISSING, LocalSupabase, installed

__all__ = ["MIGRATIONS", "MISSING", "LocalSupabase", "installed"]
