// What a page cannot do without a script: focus on faults, say when the network is gone, keep a double click single.
(function () {
  "use strict";

  function focusOn(root) {
    var first = root.querySelector("[data-sv-focus]");
    if (first) {
      first.focus();
    }
  }

  function say(text) {
    var place = document.getElementById("sv-natfel");
    if (place) {
      place.hidden = !text;
      place.querySelector("[data-sv-text]").textContent = text || "";
      if (text) {
        place.scrollIntoView({ block: "nearest" });
      }
    }
  }

  function unsaved(source, failed) {
    var form = source && source.closest("[data-sv-autosave]");
    var marker = form && document.getElementById(form.getAttribute("data-sv-autosave"));
    if (marker && failed) {
      marker.textContent = marker.getAttribute("data-sv-unsaved");
      marker.classList.add("sv-sparat--inte");
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    focusOn(document);
    // On the way to an e-ID: the form goes by itself; its button is for where no script runs.
    var onward = document.querySelector("form[data-sv-autosubmit]");
    if (onward) {
      onward.submit();
    }
  });

  document.addEventListener("htmx:after:swap", function (event) {
    var target = event.target && event.target.querySelector ? event.target : document;
    focusOn(target);
  });

  document.addEventListener("htmx:error", function (event) {
    var place = document.getElementById("sv-natfel");
    unsaved(event.target.closest ? event.target : null, true);
    say(place && place.getAttribute("data-sv-offline"));
  });

  document.addEventListener("htmx:response:error", function (event) {
    unsaved(event.target.closest ? event.target : null, true);
  });

  document.addEventListener("htmx:after:request", function () {
    say("");
  });

  // An autosave counts the changes of its page, so that one that was overtaken undoes nothing.
  ["input", "change"].forEach(function (kind) {
    document.addEventListener(
      kind,
      function (event) {
        var form = event.target.form;
        var clock = form && form.querySelector("input[data-sv-clock]");
        if (clock) {
          var parts = clock.value.split(".");
          clock.value = parts[0] + "." + (Number(parts[1]) + 1);
        }
      },
      true
    );
  });

  // A second click on a form that is on its way does nothing; the server refuses a double as well.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== "post") {
      return;
    }
    if (form.hasAttribute("data-sv-sent")) {
      event.preventDefault();
      return;
    }
    form.setAttribute("data-sv-sent", "");
    // The answer is a file and the page stays: the form may be sent again, when a double click is over.
    if (form.hasAttribute("data-sv-file")) {
      window.setTimeout(function () {
        form.removeAttribute("data-sv-sent");
      }, 2000);
    }
  });

  // Back from the next page: the form may be sent again.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sv-sent]").forEach(function (form) {
      form.removeAttribute("data-sv-sent");
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") {
      return;
    }
    var open = event.target.closest && event.target.closest("details[open][data-sv-close]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  // "Nej" in a question before something irreversible closes it again.
  document.addEventListener("click", function (event) {
    var no = event.target.closest && event.target.closest("[data-sv-shut]");
    if (no) {
      var box = no.closest("details");
      box.open = false;
      box.querySelector("summary").focus();
    } else if (event.target.closest && event.target.closest("[data-sv-print]")) {
      window.print();
    }
  });
})();
