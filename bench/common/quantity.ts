/** Three digits: "1.22", "54.7", "1340". */
export function digits(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 100 ? String(Math.round(rounded)) : value.toPrecision(3);
}

/** "8.21x": how many times. */
export function times(ratio: number): string {
  return `${digits(ratio)}x`;
}

/** Three digits and the unit that suits: "157 ns", "1.22 µs", "54.7 µs". */
export function duration(nanoseconds: number): string {
  const units = ["ns", "µs", "ms", "s"];
  let unit = 0;
  let scaled = nanoseconds;
  while (Math.abs(Number(scaled.toPrecision(3))) >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${digits(scaled)} ${units[unit]}`;
}

/** "10 000". */
export function count(number: number): string {
  return String(Math.round(number)).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}
