/** Return a greeting that fits the time of day. */
export function greet(now: Date): string {
  const hour = now.getHours();
  if (hour < 5 || hour >= 22) {
    return "Good night";
  }
  if (hour < 12) {
    return "Good morning";
  }
  return hour < 18 ? "Good afternoon" : "Good evening";
}
