"""The store in a Supabase project: rows in PostgreSQL over REST, pictures in a private bucket."""

from .store import SupabaseStore

__all__ = ["SupabaseStore"]
