// The whole install is the line with beacon.js; this keeps calls made before it has arrived.
window.felt =
  window.felt ||
  function () {
    (felt.q = felt.q || []).push(arguments);
  };
