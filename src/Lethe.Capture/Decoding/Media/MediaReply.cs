using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Media;

/// <summary>What an answer tells of itself beside its sound, picture or text: in a document, or in the last event of a stream.</summary>
internal sealed class MediaReply(string vendor) : IReply
{
    private Answer answer = Answer.None;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        var phase = kind == FrameKind.Document ? "body" : "stream";
        answer = answer with
        {
            Model = json.Word("model"u8) ?? answer.Model,
            Id = json.Word("id"u8) ?? answer.Id,
            Usage = MediaUsage.Find(json, vendor) ?? answer.Usage,
            Error = answer.Error ?? (kind == FrameKind.Fault || name.SequenceEqual("error"u8) ? WireError.Of(json, phase) : WireError.Inside(json, phase)),
        };
    }

    public Answer Finish(ReplyEnd end) => answer with { Complete = answer.Error is null && end != ReplyEnd.Cut };
}
