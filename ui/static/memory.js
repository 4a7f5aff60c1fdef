// What this browser keeps for a person, for good or (`TAB`) as long as the tab is open; nothing,
// where it may keep nothing.

export const TAB = "sessionStorage";
const BROWSER = "localStorage";

export function recall(name, where = BROWSER) {
  try {
    return JSON.parse(window[where].getItem(name));
  } catch {
    return null; // It may not be asked, or somebody else has written there.
  }
}

// Tells whether there was room for it.
export function retain(name, value, where = BROWSER) {
  try {
    window[where].setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function drop(name, where = BROWSER) {
  try {
    window[where].removeItem(name);
  } catch {
    // Then nothing was kept.
  }
}
