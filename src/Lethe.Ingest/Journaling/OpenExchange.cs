using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>An exchange that was opened and is not closed: only where its lines stand, never what they hold.</summary>
internal sealed class OpenExchange(JournalPosition openedAt)
{
    public JournalPosition OpenedAt { get; } = openedAt;

    private readonly List<JournalPosition> parts = [];

    public void Add(JournalPosition part) => parts.Add(part);

    /// <summary>
    /// Reads the pieces again and joins them. Without a closing piece the result is the exchange as far as it was heard, ended by our own stop.
    /// Throws <see cref="FormatException"/> or <see cref="JsonException"/> when a piece cannot be read.
    /// </summary>
    public CapturedExchange Assemble(LineFetcher lines, CapturedExchange? closing)
    {
        var whole = lines.Read(OpenedAt);
        var request = new List<CapturedBody> { whole.Request };
        var response = new List<CapturedBody> { whole.Response };
        foreach (var at in parts)
        {
            var piece = lines.Read(at);
            request.Add(piece.Request);
            response.Add(piece.Response);
            if (piece.Status is not null && whole.Status is null)
            {
                whole = whole with { Status = piece.Status, ResponseHeaders = piece.ResponseHeaders, TimeToFirstByte = piece.TimeToFirstByte };
            }
        }

        if (closing is not null)
        {
            request.Add(closing.Request);
            response.Add(closing.Response);
        }

        whole = closing ?? whole with { Ending = Ending.Incomplete, EndingReason = "recorder_stopped" };
        return whole with { Request = Join(request), Response = Join(response) };
    }

    private static CapturedBody Join(List<CapturedBody> pieces)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)pieces.Sum(piece => (long)piece.Bytes.Length)));
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.Bytes.Span.CopyTo(bytes.AsSpan(at));
            at += piece.Bytes.Length;
        }

        // The last piece holds the running totals of all.
        return pieces[^1] with { Bytes = bytes };
    }
}
