// A Supabase project on this machine. DATABASE_URL: a folder for an embedded PostgreSQL, or postgres://… for a real one.

const url = process.env.DATABASE_URL
const real = url.startsWith('postgres')
const [JSON_TYPE, TIMESTAMPTZ, JSONB] = [114, 1184, 3802] // their numbers in PostgreSQL

/** PostgREST writes times in ISO 8601: "2026-01-01 12:00:00.5+00" becomes "2026-01-01T12:00:00.5+00:00". */
function isoTime(text) {
  const parts = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(:\d\d)?$/.exec(text)
  return parts ? `${parts[1]}T${parts[2]}${parts[3]}${parts[4] ?? ':00'}` : text
}

function answer(context, body, status) {
  const headers = new Headers(context.res.headers)
  headers.delete('content-length')
  context.res = undefined
  context.res = new Response(JSON.stringify(body), { status, headers })
}

/** The hosted service calls it signedURL, relative to /storage/v1. */
async function hostedSignedUrl(context) {
  const body = await context.res.clone().json()
  for (const one of [body].flat()) {
    if (one?.signedUrl) one.signedURL = one.signedUrl.replace(/^\/storage\/v1/, '')
  }
  answer(context, body, 200)
}

/** A row that breaks a check is the sender's fault: 400 and SQLSTATE 23514, not 500. */
async function hostedCheckViolation(context) {
  const body = await context.res.clone().json().catch(() => null)
  if (body?.code === 'SUP' && /violates check constraint/.test(body.message)) {
    answer(context, { ...body, code: '23514', message: body.message.replace(/^\w+: /, '') }, 400)
  }
}

/** Where the local server differs on the wire from the hosted one. */
async function likeHosted(context, next) {
  await next()
  const path = context.req.path
  if (/^\/storage\/v1\/object\/sign\//.test(path) && context.req.method === 'POST' && context.res.ok) {
    await hostedSignedUrl(context)
  } else if (path.startsWith('/rest/v1/') && context.res.status === 500) {
    await hostedCheckViolation(context)
  }
}

async function connection() {
  if (real) {
    const { createPostgresConnection } = await import('@supabase/lite/postgres')
    const timestamptz = { to: TIMESTAMPTZ, from: [TIMESTAMPTZ], serialize: (value) => value, parse: isoTime }
    // What the server hands over as text is JSON already.
    const toText = (value) => (typeof value === 'string' ? value : JSON.stringify(value))
    const json = { to: JSON_TYPE, from: [JSON_TYPE], serialize: toText, parse: JSON.parse }
    const jsonb = { ...json, to: JSONB, from: [JSONB] }
    return createPostgresConnection({ url, postgresOptions: { onnotice() {}, types: { timestamptz, json, jsonb } } })
  }
  const { createPgliteConnection } = await import('@supabase/lite/pglite')
  return createPgliteConnection({ url, pgliteOptions: { parsers: { [TIMESTAMPTZ]: isoTime } } })
}

export default {
  connection: await connection(),
  api: { port: Number(process.env.SUPABASE_PORT) },
  db: { driver: real ? 'postgres' : 'pglite', url, migrations: { schema_paths: [] }, seed: { sql_paths: [] } },
  auth: {
    enabled: true,
    jwt_secret: process.env.SUPABASE_JWT_SECRET,
    jwt_expiry: 3600,
    enable_signup: true,
    publishable_key: process.env.SUPABASE_PUBLISHABLE_KEY,
    secret_key: process.env.SUPABASE_SECRET_KEY,
    email: { enable_confirmations: false },
  },
  storage: { enabled: true, file_size_limit: '50MiB' },
  options: { server: { middlewares: [likeHosted] } },
}
