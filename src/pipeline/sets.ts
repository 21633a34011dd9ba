/** Depends on the set alone, not on its order: compared before members are. Each number is to come once. */
export function setHash(numbers: ArrayLike<number>): number {
  let one = numbers.length
  let other = 0
  for (let at = 0; at < numbers.length; at++) {
    let mixed = Math.imul(numbers[at]! ^ (numbers[at]! >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    mixed ^= mixed >>> 16
    one = (one + mixed) >>> 0
    other = (other + Math.imul(mixed, mixed | 1)) >>> 0
  }
  return (other & 0xfffff) * 2 ** 32 + one
}
