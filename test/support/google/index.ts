import type { GoogleDouble, GoogleOptions } from './model.ts'

export type {
  Fault,
  GoogleDomain,
  GoogleDouble,
  GoogleGroup,
  GoogleMember,
  GoogleOptions,
  GoogleOrgUnit,
  GoogleRequest,
  GoogleSchema,
  GoogleUser,
  ServiceAccountKey,
} from './model.ts'

/** Google's Directory API on the loopback, stateful and strict; see model.ts for what it can be told. */
export function startGoogle(_options: GoogleOptions = {}): Promise<GoogleDouble> {
  return Promise.reject(new Error('not there yet'))
}
