// Replaces the tables every so many seconds while the page is looked at.
const now = document.getElementById("now");
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(now.dataset.from);
    if (answer.ok) now.innerHTML = await answer.text();
  } catch {
    // The server is away for a moment; the next time asks again.
  }
}, 1000 * now.dataset.everyS);
