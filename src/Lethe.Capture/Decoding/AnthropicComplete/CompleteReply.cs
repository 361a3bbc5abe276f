using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.AnthropicComplete;

/// <summary>Puts a text completion together: the whole document, or events that each tell a piece, or, in the API's first edition, all of the text so far.</summary>
internal sealed class CompleteReply : IReply
{
    private readonly List<string> pieces = [];
    private string? id;
    private string? model;
    private string? stop;
    private ExchangeError? error;
    private bool spoke;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        if (json.Text("completion"u8) is { } piece)
        {
            if (stop is null && json.Word("id"u8) is { } other && id is not null && other != id)
            {
                // What was begun is given up: an intermediary has lost its upstream and asked again.
                pieces.Clear();
                (id, model) = (null, null);
            }

            spoke = true;
            pieces.Add(piece);
            id ??= json.Word("id"u8);
            model ??= json.Word("model"u8);
            stop = json.Word("stop_reason"u8) ?? stop;
        }
        else if (kind == FrameKind.Document)
        {
            error ??= WireError.Of(json, "body");
        }
        else
        {
            error ??= name.SequenceEqual("error"u8) || kind == FrameKind.Fault ? WireError.Of(json, "stream") : WireError.Inside(json, "stream");
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        var ended = spoke && (stop is not null || end != ReplyEnd.Cut);
        var text = Text();
        var reply = text.Length > 0 || ended ? ChatDocument.ReadMessage(WriteMessage(text)) : Answer.None;
        return reply with { Id = id, Model = model, Stop = stop, Error = error, Complete = ended && error is null };
    }

    /// <summary>Two pieces can look like one text that grows; a third tells, for the last piece of the later edition is empty.</summary>
    private StringBuilder Text()
    {
        var grows = pieces.Count > 1 && pieces[0].Length > 0;
        for (var at = 1; grows && at < pieces.Count; at++)
        {
            grows = pieces[at].StartsWith(pieces[at - 1], StringComparison.Ordinal);
        }

        var text = new StringBuilder();
        foreach (var piece in grows ? pieces.TakeLast(1) : pieces.SkipLast(1))
        {
            text.Append(piece);
        }

        if (!grows && pieces.Count > 0 && !Texts.IsSaidAgain(text, pieces.Count - 1, pieces[^1]))
        {
            text.Append(pieces[^1]);
        }

        return text;
    }

    private static byte[] WriteMessage(StringBuilder text) => RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, "assistant"u8);
        writer.Text("content"u8, text);
        writer.WriteEndObject();
    });
}
