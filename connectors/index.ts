import type { Connector } from '../src/connector.ts'

/** Every connector, behind an import() of its own: a run loads only those that its config names. */
export const connectors: Readonly<Record<string, () => Promise<Connector>>> = {
  'azure-ad': async () => (await import('./entra/index.ts')).azureAd,
  entra: async () => (await import('./entra/index.ts')).entra,
  file: async () => (await import('./file/index.ts')).file,
  google: async () => (await import('./google/index.ts')).google,
  ldap: async () => (await import('./ldap/index.ts')).ldap,
}
