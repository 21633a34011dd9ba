/** Once undici has written to the connections that became free: it does so in the next turn of the event loop. */
export function afterRequests(): Promise<void> {
  return turn().then(turn)
}

/**
 * A turn of the event loop for whoever asks, one after the other. Those who work side by side come to their long
 * computations together; without this the target would wait until the last of them is done.
 */
export function ownTurn(): Promise<void> {
  return (last = last.then(turn))
}

let last: Promise<void> = Promise.resolve()

function turn(): Promise<void> {
  return new Promise(go => setImmediate(go))
}
