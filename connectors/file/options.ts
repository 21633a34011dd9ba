import * as z from 'zod'

const path = z.string().min(1, 'name a file')

/** Either one file that holds everything (`path`), or up to three tables. Relative paths start from the config's folder. */
export const options = z
  .strictObject({
    path: path
      .regex(/\.(json|ldif)$/i, 'must end in .json or .ldif; tables are named by users, groups and members')
      .optional()
      .describe('A .json file { users: [{ id, … }], groups: [{ id, name, members: [id, …] }] }, or an .ldif file.'),
    users: path.optional().describe('A CSV file with a column id, usually enabled and name, and any others.'),
    groups: path.optional().describe('A CSV file with the columns id and name, and any others.'),
    members: path
      .optional()
      .describe('A CSV file with the columns group and member: the id of a group, and of a user or group in it.'),
    attributes: z
      .record(z.string(), z.enum(['text', 'list']))
      .optional()
      .describe('LDIF: which attributes are lists. Of the others the first value is taken.'),
  })
  .superRefine((given, context) => {
    const fault = (at: string, message: string) => context.addIssue({ code: 'custom', path: [at], message })
    if (given.attributes !== undefined && !given.path?.toLowerCase().endsWith('.ldif')) {
      fault('attributes', 'is for LDIF only: a CSV column "name[]" is a list, and JSON says itself what is one')
    }
    if (given.path !== undefined) {
      for (const table of ['users', 'groups', 'members'] as const) {
        if (given[table] !== undefined) fault(table, 'stands beside path: give one file in path, or tables, not both')
      }
    } else if (given.users === undefined) {
      fault('users', 'is missing: give path (a .json or .ldif file), or users, groups and members (CSV files)')
    } else if ((given.groups === undefined) !== (given.members === undefined)) {
      const missing = given.groups === undefined ? 'groups' : 'members'
      fault(missing, 'is missing: groups and members go together')
    }
  })

export type FileOptions = z.infer<typeof options>
