import { expect, test } from 'vitest'
import { checkYaml, renderFaults } from '../../src/profile/document.ts'
import { limitsShape } from '../../src/profile/limits.ts'

test('limits are percentages or whole numbers', () => {
  const { value } = checkYaml(
    'f',
    'deactivate-user: 10%\nupdate-user: 0.5%\ndelete-user: 0\ncreate-user: "25"\nfloor: 5',
    limitsShape,
  )
  expect(value).toEqual({
    'deactivate-user': { percent: 10 },
    'update-user': { percent: 0.5 },
    'delete-user': { count: 0 },
    'create-user': { count: 25 },
    floor: 5,
  })
})

test.each(['10', '10%'])('what is not given is not there, beside %s', limit => {
  expect(Object.keys(checkYaml('f', `delete-user: ${limit}`, limitsShape).value ?? {})).toEqual(['delete-user'])
})

test.each(['-1', '1.5', '101%', '-5%', '10 %', 'none', 'true', '', '10.5.5%', '99999999999'])(
  '%s is no limit',
  limit => {
    expect(renderFaults(checkYaml('f', `delete-user: ${limit}`, limitsShape).faults)).toMatch(
      /^f:1:1\d: a limit is a percentage like 10% or 0.5%, or a whole number like 0 or 25; write one of these$/,
    )
  },
)

test('a misspelt limit is a fault, and so is a floor in percent', () => {
  expect(renderFaults(checkYaml('f', 'remove-member: 1\nfloor: 10%', limitsShape).faults)).toBe(
    'f:1:1: there is no remove-member here; did you mean remove-members?\nf:2:8: floor is a whole number of users, groups or memberships; write one like 10',
  )
})
