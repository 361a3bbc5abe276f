using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Journaling;

/// <summary>A journal in a directory of its own, and the exchanges that go into it.</summary>
internal sealed class JournalWorld : IDisposable
{
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("lethe-journal-").FullName;

    public static readonly Dictionary<string, string> NoAttributes = [];

    public JournalSettings Settings => new() { Directory = Directory, RetryInterval = TimeSpan.FromMilliseconds(20) };

    public Journal Open(Func<JournalSettings, JournalSettings>? change = null) =>
        Journal.Open(change?.Invoke(Settings) ?? Settings, TimeProvider.System, NullLogger.Instance);

    public static CapturedExchange Exchange(string response = "{\"ok\":true}\n", string request = "{\"model\":\"m\",\"prompt\":\"a \\\"b\\\"\\n\"}")
    {
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddMicroseconds(6);
        var id = ExchangeId.New(at);
        return new CapturedExchange
        {
            Id = id,
            CommitKey = id.ToString(),
            Door = Door.Forwarding,
            CapturedAt = at,
            Method = "POST",
            Path = "/v1/messages",
            Upstream = "anthropic",
            RequestHeaders = [new("Content-Type", "application/json"), new("x-a", "1"), new("x-a", "2")],
            Request = Body(request),
            Status = 200,
            ResponseHeaders = [new("request-id", "req_1")],
            Response = Body(response),
            Ending = Ending.Completed,
            TimeToFirstByte = TimeSpan.FromTicks(12345),
            Duration = TimeSpan.FromTicks(987654),
        };
    }

    public static CapturedBody Body(string text) => Body(Encoding.UTF8.GetBytes(text));

    public static CapturedBody Body(byte[] bytes) => new()
    {
        Bytes = bytes,
        WireBytes = bytes.Length,
        Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)),
    };

    /// <summary>All exchanges that a fresh reader finds, and the fault it ends with, if any.</summary>
    public (List<JournaledExchange> Exchanges, JournalFault? Fault) ReadAll(string? directory = null)
    {
        using var consumer = new JournalConsumer(directory ?? Directory, default);
        var all = new List<JournaledExchange>();
        while (consumer.ReadBatch(all, 100, 1 << 20) > 0)
        {
        }

        return (all, consumer.Fault);
    }

    /// <summary>The files of the segments, by what they end in.</summary>
    public static string[] Files(string directory, string suffix) => [.. System.IO.Directory.GetFiles(directory, "*" + suffix).Order(StringComparer.Ordinal)];

    public string LastSegment() => Files(Directory, ".lines")[^1];

    /// <summary>The directory as a crash would leave it now.</summary>
    public string CopyAsCrashed()
    {
        var copy = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "copies", Path.GetRandomFileName())).FullName;
        foreach (var file in System.IO.Directory.GetFiles(Directory).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    /// <summary>All that an exchange says, as bytes that can be compared.</summary>
    public static byte[] Form(CapturedExchange exchange)
    {
        using var form = new LineBuffer();
        var facts = new JournaledCall
        {
            Id = exchange.Id,
            CapturedAt = exchange.CapturedAt,
            Door = exchange.Door,
            OrgId = exchange.OrgId,
            Status = exchange.Status,
            Ending = exchange.Ending,
            EndingReason = exchange.EndingReason,
            TimeToFirstByte = exchange.TimeToFirstByte,
            Duration = exchange.Duration,
        };
        CallText.Write(facts, 1, form);
        CallHead.Write(exchange, form);
        form.Raw(exchange.Request.Bytes.Span);
        form.Raw(exchange.Response.Bytes.Span);
        return form.Written.ToArray();
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
