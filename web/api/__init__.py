"""The JSON API: a file for each kind of thing, its requests, its answers, its errors."""
