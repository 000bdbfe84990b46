// Runs before the first paint, so that a chosen theme does not flash. Kept outside the bundle: no inline scripts (CSP).
try {
  const theme = localStorage.getItem('fanlight.theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; then the system's theme it is.
}
