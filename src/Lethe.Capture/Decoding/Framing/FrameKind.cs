using System.Text.Json;

namespace Lethe.Capture.Decoding.Framing;

/// <summary>What a frame of a response is.</summary>
internal enum FrameKind
{
    /// <summary>The whole response.</summary>
    Document,

    /// <summary>One event of a stream.</summary>
    Event,

    /// <summary>The words of somebody in between, as <c>{"error":"…"}</c>, or an exception by its name.</summary>
    Fault,
}

/// <summary>Takes one frame: its name (empty when it has none) and its JSON, valid during the call.</summary>
internal delegate void FrameTaker(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json);
