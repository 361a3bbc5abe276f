using System.Text.Json;
using Lethe.Capture.Decoding.Framing;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>How a response ended.</summary>
internal enum ReplyEnd
{
    /// <summary>With its own mark (<c>[DONE]</c>).</summary>
    Marked,

    /// <summary>With the transport's end, so that a missing mark is the vendor's habit and not a cut.</summary>
    Transport,

    Cut,
}

/// <summary>Puts a response together, whether it comes whole or as a stream. One for each dialect.</summary>
internal interface IReply
{
    /// <summary>Takes one frame: its name (empty when it has none) and its JSON. What it does not know is passed over.</summary>
    void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json);

    Answer Finish(ReplyEnd end);
}
