import * as z from 'zod'
import { RollcallError } from '../../src/errors.ts'
import type { Origin } from '../../src/http/request.ts'
import type { Patience } from '../../src/http/retry.ts'
import { ask } from './ask.ts'
import type { Signer } from './credential.ts'

const signedShape = z.object({ signedJwt: z.string().min(1) })

/**
 * A service account without a key: the identity of this machine (application-default credentials: workload identity
 * federation, a metadata server, a file named by GOOGLE_APPLICATION_CREDENTIALS) has Google sign as it.
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt
 */
export function keylessSigner(account: string, origin: Origin, patience: Patience): Signer {
  const project = /@([^.]+)\.iam\.gserviceaccount\.com$/.exec(account)?.[1]
  return {
    account,
    clientId: undefined,
    project,
    async sign(claims, signal) {
      const headers = { authorization: `Bearer ${await ownToken(project)}` }
      const path = `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signJwt`
      const body = JSON.stringify({ payload: JSON.stringify(claims) })
      const send = () => origin.send({ method: 'POST', path, body, headers }, signal)
      const what = `signing as ${account}`
      const answer = await ask({ what, send, shape: signedShape, patience }, signal)
      if (answer.judged === 'fine') return answer.value.signedJwt
      const why = 'why' in answer ? answer.why : '304'
      throw new RollcallError(
        'source_denied',
        `${what} was refused (${why}): give the identity of this machine the role Service Account Token Creator on ${account} (Google Cloud console → IAM & Admin → Service Accounts → Permissions), and enable the IAM Service Account Credentials API in its project.`,
      )
    },
  }
}

/** Of the identity of this machine. What goes wrong there may hold secrets, and does not go along. */
async function ownToken(project: string | undefined): Promise<string> {
  const { auth } = (await import('googleapis/build/src/apis/admin/index.js')).default
  // Not told a project, the library asks an API for one that this identity may have nothing to do with.
  const projectId = project ?? 'unknown'
  const found = await new auth.GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform', projectId })
    .getAccessToken()
    .catch(() => undefined)
  if (found) return found
  throw new RollcallError(
    'source_denied',
    'credential: this machine has no identity at Google: run where there is one (workload identity federation, a metadata server), or name its configuration in GOOGLE_APPLICATION_CREDENTIALS.',
  )
}
