import { condition, items } from './operators.ts'
import { type Cel, type Code, type Frame, Trouble } from './work.ts'

export type LoopName = 'exists' | 'all' | 'exists_one' | 'map' | 'filter'

export function isLoop(name: string): name is LoopName {
  return name === 'exists' || name === 'all' || name === 'exists_one' || name === 'map' || name === 'filter'
}

/** `cel.bind(x, value, body)`. */
export function bind(slot: number, value: Code, body: Code): Code {
  return frame => {
    frame.slots[slot] = value(frame)
    return body(frame)
  }
}

/** A macro over a list or a map's keys. `cost` is what its bodies take for one entry. */
export function loop(name: LoopName, slot: number, over: Code, bodies: readonly Code[], cost: number): Code {
  const [body = () => '', second] = bodies
  const entries = (frame: Frame): Iterable<Cel> => visited(frame, slot, over, cost)
  switch (name) {
    case 'exists':
      return frame => settled(true, frame, entries(frame), body)
    case 'all':
      return frame => settled(false, frame, entries(frame), body)
    case 'exists_one':
      return frame => {
        let count = 0
        for (const _ of entries(frame)) if (condition(body(frame))) count++
        return count === 1
      }
    case 'filter':
      return frame => {
        const kept: Cel[] = []
        for (const entry of entries(frame)) if (condition(body(frame))) kept.push(entry)
        return kept
      }
    case 'map':
      return frame => {
        const made: Cel[] = []
        for (const _ of entries(frame)) {
          if (!second) made.push(body(frame))
          else if (condition(body(frame))) made.push(second(frame))
        }
        return made
      }
  }
}

/** Each entry, once it is what the macro's variable stands for. */
function* visited(frame: Frame, slot: number, over: Code, cost: number): Generator<Cel> {
  for (const entry of items(over(frame))) {
    frame.work.steps(cost + 1)
    frame.slots[slot] = entry
    yield entry
  }
}

/** Whether an entry settles it; one that cannot be told matters only when no other does. */
function settled(settling: boolean, frame: Frame, entries: Iterable<Cel>, body: Code): boolean {
  let trouble: Trouble | undefined
  for (const _ of entries) {
    try {
      if (condition(body(frame)) === settling) return settling
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      trouble ??= error
    }
  }
  if (trouble) throw trouble
  return !settling
}
