import type { Connector } from '../../src/connector.ts'
import { declared, type EntraOptions, options } from './options.ts'
import { openSource } from './source.ts'

/** Users and groups of an Entra ID tenant, formerly Azure AD, through Microsoft Graph. */
export const entra = connector('entra')

/** The same under its old name. */
export const azureAd = connector('azure-ad')

function connector(kind: string): Connector<EntraOptions> {
  return {
    kind,
    options,
    attributes: async given => declared(given),
    open: (given, place) => openSource(kind, given, place),
  }
}
