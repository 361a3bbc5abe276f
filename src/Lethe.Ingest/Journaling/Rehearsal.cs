using System.Text;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Puts made-up calls into lines that nobody keeps. Code is translated when it first runs, and while the first call of a process waited for that, a crash
/// would take what its client had seen complete long before.
/// </summary>
internal static class Rehearsal
{
    private const int BodyBytes = 4096;

    public static void Run()
    {
        using var pen = new LinePen(Guid.Empty, []);
        pen.StartAt(new JournalPosition(Guid.Empty, 1, 0, 1), 0, new byte[JournalLine.SealBytes]);
        pen.Header();
        for (var turn = 1; turn <= 2; turn++)
        {
            pen.Whole(Call(turn * BodyBytes));
        }

        var open = Call(BodyBytes);
        pen.Open(open);
        pen.Part(open, withResponseHead: true);
        pen.Close(open);
        pen.Settle(pen.Position.Sequence);
        pen.Mark();
        pen.SealLines();
        pen.Flushed();
    }

    private static CapturedExchange Call(int bytes)
    {
        var body = new CapturedBody { Bytes = Encoding.ASCII.GetBytes(new string('a', bytes)), WireBytes = bytes };
        var id = ExchangeId.New(DateTimeOffset.UnixEpoch);
        return new CapturedExchange
        {
            Id = id,
            CommitKey = id.ToString(),
            Door = Door.Forwarding,
            CapturedAt = DateTimeOffset.UnixEpoch,
            Method = "POST",
            Path = "/",
            Upstream = "none",
            RequestHeaders = [new HeaderField("content-type", "application/json")],
            Request = body,
            Status = 200,
            ResponseHeaders = [new HeaderField("content-type", "text/event-stream")],
            Response = body,
            Ending = Ending.Completed,
            Duration = TimeSpan.FromSeconds(1),
            Attributes = new Dictionary<string, string> { ["rehearsal"] = "true" },
        };
    }
}
