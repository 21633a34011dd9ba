import { json, JSON_TYPE, refusal, type Answer } from './answer.ts'
import { tooMany } from './budget.ts'
import type { Fault } from './model.ts'

/** What a fault makes of a request: a cut connection, silence, or another answer. */
export type Faulted =
  | { readonly does: 'drop' }
  | { readonly does: 'silence' }
  /** Half of the body, then the connection is cut. */
  | { readonly does: 'cut'; readonly answer: Answer }
  | { readonly does: 'answer'; readonly answer: Answer }

/** Other answers than the right one, which `right` makes; `again` is the right one to another path. */
export function faulted(
  fault: Fault,
  {
    path,
    root,
    right,
    again,
  }: {
    readonly path: string
    readonly root: string
    readonly right: () => Answer
    readonly again: (path: string) => Answer
  },
): Faulted {
  const instead = (answer: Answer): Faulted => ({ does: 'answer', answer })
  const changed = (change: (body: Body) => Body): Faulted => {
    const answer = right()
    if (answer.status !== 200 || !answer.text.startsWith('{')) return instead(answer)
    return instead({ ...answer, text: JSON.stringify(change(JSON.parse(answer.text) as Body)) })
  }
  if (typeof fault !== 'string') {
    if (fault.fault === 'throttled') return instead(tooMany(fault.retryAfter))
    const { status, headers = {}, body } = fault
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
    return instead({ status, headers: { ...JSON_TYPE, ...headers }, text })
  }
  switch (fault) {
    case 'dropped':
      return { does: 'drop' }
    case 'silent':
      return { does: 'silence' }
    case 'cut':
      return { does: 'cut', answer: right() }
    case 'server-error':
      return instead(refusal(500, 'InternalServerError', 'An internal server error occurred.'))
    case 'bad-gateway':
      return instead({
        status: 502,
        headers: { 'content-type': 'text/html' },
        text: '<html><h1>502 Bad Gateway</h1></html>',
      })
    case 'unavailable':
      return instead(refusal(503, 'ServiceUnavailable', 'The service is unavailable.'))
    case 'gateway-timeout':
      return instead(refusal(504, 'UnknownError', 'The gateway waited in vain.'))
    case 'throttled':
      return instead(tooMany(undefined))
    case 'truncated': {
      const { text, ...rest } = right()
      return instead({ ...rest, text: text.slice(0, Math.floor(text.length / 2)), broken: true })
    }
    case 'empty':
      return instead({ status: 200, headers: JSON_TYPE, text: '' })
    case 'nulls':
      return changed(body => mapItems(body, limited))
    case 'no-value':
      return changed(({ value: _, responses: __, ...rest }) => rest)
    case 'error-in-value':
      return changed(body => ({
        ...body,
        [itemsName(body)]: [{ error: { code: 'InternalServerError', message: 'Invalid response.' } }],
      }))
    case 'no-items':
      return changed(({ '@odata.nextLink': _, ...body }) => ({ ...body, [itemsName(body)]: [] }))
    case 'no-link':
      return changed(({ '@odata.nextLink': _, '@odata.deltaLink': __, ...body }) => body)
    case 'repeated-page':
      return changed(body => repeated(body, path, root, again))
    case 'endless':
      return changed(body => linked(body, root + path))
    case 'foreign-link':
      return changed(body => linked(body, 'http://127.0.0.1:9/v1.0/users?$skiptoken=oEB'))
    case 'other-collection':
      return changed(body =>
        linked(body, `${root}/v1.0/${path.startsWith('/v1.0/users') ? 'groups' : 'users'}?$select=id`),
      )
    case 'expired-token':
      return instead(
        refusal(401, 'InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.', {
          'www-authenticate': 'Bearer realm="", authorization_uri="https://login.example.com/common/oauth2/authorize"',
        }),
      )
    case 'forbidden':
      return instead(refusal(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'))
    case 'not-found':
      return instead(refusal(404, 'Request_ResourceNotFound', 'Resource does not exist.'))
    case 'gone':
      return instead(
        refusal(410, 'resyncRequired', 'Resync required.', { location: `${root}${path.split('?')[0]}?$deltatoken=` }),
      )
    case 'sync-state-not-found':
      return instead(refusal(400, 'syncStateNotFound', 'The sync state generation is not found.'))
    case 'resync-required':
      return instead(refusal(400, 'resyncRequired', 'Resync required.'))
    case 'expired-page-token':
      return instead(refusal(400, 'Directory_ExpiredPageToken', 'The specified page token value has expired.'))
    case 'wrong-count':
    case 'garbage-count':
      return counted(right(), fault)
    case 'failed-dependency':
      return instead(
        json(424, { error: { code: 'FailedDependency', message: 'A request of the batch was throttled.' } }),
      )
  }
}

interface Body {
  readonly [name: string]: unknown
}

function itemsName(body: Body): string {
  return 'responses' in body ? 'responses' : 'value'
}

function mapItems(body: Body, change: (item: Body) => Body): Body {
  const name = itemsName(body)
  const items = body[name]
  if (!Array.isArray(items)) return limited(body)
  if (name === 'value') return { ...body, value: items.map(item => change(item as Body)) }
  return {
    ...body,
    responses: items.map((item: Body) => ({
      ...item,
      body: item['body'] ? mapItems(item['body'] as Body, change) : null,
    })),
  }
}

/** Limited information: the id and the type, all else null. */
function limited(item: Body): Body {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, name === 'id' || name.includes('@') ? value : null]),
  )
}

function linked(body: Body, url: string): Body {
  const { '@odata.deltaLink': delta, '@odata.nextLink': _, ...rest } = body
  return delta === undefined || url.includes('skiptoken') || url.includes('?')
    ? { ...rest, '@odata.nextLink': url }
    : { ...rest, '@odata.deltaLink': url }
}

/** The items of the page before, with this page's link; the first page leads to itself. */
function repeated(body: Body, path: string, root: string, again: (path: string) => Answer): Body {
  const token = /\$skiptoken=([^&]+)/.exec(path)?.[1]
  if (token === undefined) return 'responses' in body || 'value' in body ? linked(body, root + path) : body
  const here = JSON.parse(Buffer.from(decodeURIComponent(token).slice(5), 'base64').toString()) as {
    before: number
    round?: number
  }
  const there = here.round === undefined ? { after: here.before, before: -1 } : { ...here, page: here.before }
  const other = `oEB+/${Buffer.from(JSON.stringify(there)).toString('base64')}`
  const before = again(path.replace(token, encodeURIComponent(other)))
  const { value } = JSON.parse(before.text) as Body
  return { ...body, value }
}

function counted(answer: Answer, fault: 'wrong-count' | 'garbage-count'): Faulted {
  const wrong = (number: number) => (fault === 'garbage-count' ? 'a few' : Math.floor(number / 2))
  if (/^\d+$/.test(answer.text))
    return { does: 'answer', answer: { ...answer, text: String(wrong(Number(answer.text))) } }
  if (!answer.text.startsWith('{')) return { does: 'answer', answer }
  const body = JSON.parse(answer.text) as Body
  const count = body['@odata.count']
  const text = JSON.stringify(typeof count === 'number' ? { ...body, '@odata.count': wrong(count) } : body)
  return { does: 'answer', answer: { ...answer, text } }
}
