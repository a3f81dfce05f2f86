// A sheet of paper to draw on.

class Sketch {
  constructor(canvas, pen, changed) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    this.pen = pen;
    this.changed = changed;
    this.clear();
    const point = (event) => {
      const frame = canvas.getBoundingClientRect();
      return [
        ((event.clientX - frame.left - canvas.clientLeft) * canvas.width) / canvas.clientWidth,
        ((event.clientY - frame.top - canvas.clientTop) * canvas.height) / canvas.clientHeight,
      ];
    };
    canvas.addEventListener("pointerdown", (event) => {
      // One finger, pen or left button draws; others do nothing meanwhile.
      if (event.button !== 0 || this.pointer !== undefined) {
        return;
      }
      event.preventDefault();
      this.pointer = event.pointerId;
      canvas.setPointerCapture(event.pointerId);
      if (this.isStale) {
        this.clear();
      }
      this.last = point(event);
      this.dot(this.last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId === this.pointer) {
        // Pens report several points for each event.
        const points = event.getCoalescedEvents?.() ?? [];
        (points.length > 0 ? points : [event]).forEach((moved) => this.stroke(point(moved)));
      }
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => {
        if (event.pointerId === this.pointer) {
          this.pointer = undefined;
          this.changed();
        }
      });
    }
  }

  /** Whether a stroke is being drawn. */
  get isDrawing() {
    return this.pointer !== undefined;
  }

  dot([x, y]) {
    this.context.fillStyle = "#111";
    this.context.beginPath();
    this.context.arc(x, y, this.pen / 2, 0, 2 * Math.PI);
    this.context.fill();
    this.changed();
  }

  stroke(to) {
    const context = this.context;
    Object.assign(context, { lineWidth: this.pen, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
    context.beginPath();
    context.moveTo(...this.last);
    context.lineTo(...to);
    context.stroke();
    this.last = to;
    this.changed();
  }

  clear() {
    this.context.fillStyle = "#fff";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.isStale = false;
  }

  /** Shows a picture; the next stroke begins a new sheet. */
  show(picture, width, height) {
    this.clear();
    const scale = Math.min(this.canvas.width / width, this.canvas.height / height);
    const [w, h] = [width * scale, height * scale];
    this.context.imageSmoothingEnabled = scale < 1;
    this.context.drawImage(picture, (this.canvas.width - w) / 2, (this.canvas.height - h) / 2, w, h);
    this.isStale = true;
  }

  picture() {
    return this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }
}

/** The pixels of a picture file, at most `most` pixels on the longer side. */
async function pixelsOf(file, most) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return { canvas, picture: context.getImageData(0, 0, canvas.width, canvas.height), isReduced: scale < 1 };
}

/** Calls `open` with the file that was chosen; the same file can be chosen again. */
function onFile(input, open) {
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) {
      open(file);
    }
    input.value = "";
  });
}

/** A message as a sentence. */
const sentence = (message) => `${message[0].toUpperCase()}${message.slice(1)}.`;

const NO_PICTURE = "The browser cannot show this file as a picture. Give a PNG, JPEG, WebP or GIF file.";
