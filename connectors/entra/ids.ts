/** Ids as numbers, in order of arrival: a million memberships are numbers, and each id is kept once. */
export class Ids {
  readonly #numbers = new Map<string, number>()
  readonly #ids: string[] = []

  numberOf(id: string): number {
    const known = this.#numbers.get(id)
    if (known !== undefined) return known
    this.#numbers.set(id, this.#ids.length)
    return this.#ids.push(id) - 1
  }

  idOf(number: number): string {
    return this.#ids[number] ?? ''
  }
}
