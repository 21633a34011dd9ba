import { adopt, erase, relink, update } from './change.ts'
import type { Context, Settled } from './context.ts'
import { create } from './create.ts'
import type { SingleChange } from './units.ts'

/** One change, but for those of members. `uncertain`: an earlier run may have sent it. */
export function carryOut(context: Context, change: SingleChange, uncertain: boolean): Promise<Settled> {
  switch (change.change) {
    case 'create-user':
    case 'create-group':
      return create(context, change, uncertain)
    case 'adopt-user':
    case 'adopt-group':
      return adopt(context, change)
    case 'relink-user':
      return relink(context, change)
    case 'update-user':
    case 'update-group':
    case 'deactivate-user':
    case 'reactivate-user':
      return update(context, change)
    case 'delete-user':
    case 'delete-group':
      return erase(context, change)
  }
}
