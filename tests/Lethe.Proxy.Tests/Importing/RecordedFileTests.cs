using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Proxy.Importing;
using static Lethe.Proxy.Tests.Importing.ImportWorld;

namespace Lethe.Proxy.Tests.Importing;

/// <summary>Calls that other proxies have recorded: HAR files and mitmproxy's flows.</summary>
public sealed class RecordedFileTests
{
    private const string Question = """{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"metadata":{"user_id":"{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"SESSION\"}"}}""";
    private const string Answer = """{"id":"ID","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"hello ü"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}}""";

    [Fact]
    public async Task Model_calls_come_through_the_ordinary_decoding_and_their_credentials_do_not()
    {
        await using var world = await ImportWorld.StartAsync();
        world.Write("saved.har", Line(new { log = new { version = "1.2", entries = new object[] { Entry("har-1", "msg_h1", "base64"), Page(), Entry("har-1", "msg_h2", null), new { request = 1 } } } }));
        var flow = Flow("flow-1", "msg_m1");
        world.Write("saved.flows", [.. flow, .. Flow("flow-1", "msg_m2"), .. Netstring(new Dictionary<string, object?> { ["type"] = "tcp" }), .. Encoding.ASCII.GetBytes("3:abc!"), .. flow.AsSpan(0, 50)]);

        var (code, outcome, error) = await world.ImportAsync(world.Folder);

        Assert.Equal((1, 4, 3), (code, outcome.GetProperty("taken").GetInt32(), outcome.GetProperty("rejected").GetInt32()));
        Assert.Equal(["saved.flows:4: bad_flow", "saved.flows:5: cut_off", "saved.har:4: bad_field"], error.Trim().Split('\n').Select(line => line[(line.LastIndexOf('/') + 1)..]).Order());
        foreach (var (session, ids) in ((string, string[])[])[("har-1", ["msg_h1", "msg_h2"]), ("flow-1", ["msg_m1", "msg_m2"])])
        {
            var records = await world.RecordsAsync(session);
            Assert.Equal(ids, records.Select(record => record.GetProperty("response_id").GetString()).Order());
            Assert.All(records, record => Assert.Equal(("anthropic", "hello ü", "import"), (record.GetProperty("provider").GetString(), record.GetProperty("reply").GetProperty("text").GetString(), record.GetProperty("capture_mode").GetString())));
            Assert.All(records, record => Assert.Equal(250, record.GetProperty("timing").GetProperty("duration_ms").GetDouble(), 1.0));
        }

        Assert.Equal((0, 4), ((await world.ImportAsync(world.Folder)).Outcome.GetProperty("taken").GetInt32(), (await world.ImportAsync(world.Folder)).Outcome.GetProperty("known").GetInt32()));
        Assert.All(Directory.GetFiles(world.Lethe.DataDirectory, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(".bodies", StringComparison.Ordinal) || file.EndsWith(".lines", StringComparison.Ordinal)), file =>
        {
            using var kept = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            Assert.DoesNotContain("sk-ant-secret", new StreamReader(kept, Encoding.Latin1).ReadToEnd(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Any_bytes_are_a_netstring_or_none()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>().Filter(bytes => bytes.Length > 0), bytes =>
        {
            TaggedNetstring.Parse([.. bytes, (byte)'}']);
            TaggedNetstring.Parse([.. Encoding.ASCII.GetBytes($"{bytes.Length}:"), .. bytes, (byte)']']);
            return true;
        }).QuickCheckThrowOnFailure();
        var deep = Enumerable.Range(0, 100).Aggregate((byte[])[], (inner, _) => [.. Encoding.ASCII.GetBytes($"{inner.Length}:"), .. inner, (byte)']']);
        Assert.Same(TaggedNetstring.Malformed, TaggedNetstring.Parse(deep));
        var value = Assert.IsType<Dictionary<string, object?>>(TaggedNetstring.Parse(Netstring(new Dictionary<string, object?> { ["a"] = 1L, ["b"] = new List<object?> { null, true, 2.5 } })[(Netstring(new Dictionary<string, object?> { ["a"] = 1L, ["b"] = new List<object?> { null, true, 2.5 } }).AsSpan().IndexOf((byte)':') + 1)..]));
        Assert.Equal([1L, null, true, 2.5], [value["a"], .. (List<object?>)value["b"]!]);
    }

    private static object Entry(string session, string id, string? encoding)
    {
        var body = Answer.Replace("ID", id, StringComparison.Ordinal);
        return new
        {
            startedDateTime = "2026-03-01T12:00:00.000Z",
            time = 250.0,
            request = new
            {
                method = "POST",
                url = "https://api.anthropic.com/v1/messages?beta=true",
                httpVersion = "h2",
                headers = new[] { new { name = ":authority", value = "api.anthropic.com" }, new { name = "x-api-key", value = "sk-ant-secret" }, new { name = "user-agent", value = "claude-cli/1.0.100 (external, cli)" }, new { name = "x-app", value = "cli" } },
                postData = new { mimeType = "application/json", text = Question.Replace("SESSION", session, StringComparison.Ordinal) },
            },
            response = new
            {
                status = 200,
                headers = new[] { new { name = "content-encoding", value = "br" }, new { name = "content-type", value = "application/json" } },
                content = new { size = body.Length, mimeType = "application/json", encoding, text = encoding is null ? body : Convert.ToBase64String(Encoding.UTF8.GetBytes(body)) },
            },
        };
    }

    private static object Page() => new
    {
        startedDateTime = "2026-03-01T12:00:00.000Z",
        request = new { method = "GET", url = "https://example.com/logo.png", headers = Array.Empty<object>() },
        response = new { status = 200, headers = Array.Empty<object>(), content = new { text = "", mimeType = "image/png" } },
    };

    /// <summary>A flow's request to the Messages API.</summary>
    internal static Dictionary<string, object?> Asking(string path, string content, params object?[] headers) => new()
    {
        ["method"] = "POST"u8.ToArray(),
        ["scheme"] = "https"u8.ToArray(),
        ["host"] = "api.anthropic.com",
        ["port"] = 443L,
        ["path"] = Encoding.UTF8.GetBytes(path),
        ["timestamp_start"] = 1772366400.5,
        ["content"] = Encoding.UTF8.GetBytes(content),
        ["headers"] = headers.ToList(),
    };

    private static byte[] Flow(string session, string id)
    {
        using var coded = new MemoryStream();
        using (var gzip = new GZipStream(coded, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(Answer.Replace("ID", id, StringComparison.Ordinal)));
        }

        return Netstring(new Dictionary<string, object?>
        {
            ["type"] = "http",
            ["version"] = 21L,
            ["request"] = new Dictionary<string, object?>(Asking(
                "/v1/messages",
                Question.Replace("SESSION", session, StringComparison.Ordinal),
                Header("authorization", "Bearer sk-ant-secret"),
                Header("user-agent", "claude-cli/1.0.100 (external, cli)"),
                Header("x-app", "cli")))
            {
                ["http_version"] = "HTTP/2.0"u8.ToArray(),
            },
            ["response"] = new Dictionary<string, object?>
            {
                ["status_code"] = 200L,
                ["timestamp_end"] = 1772366400.75,
                ["content"] = coded.ToArray(),
                ["reason"] = "OK"u8.ToArray(),
                ["headers"] = new List<object?> { Header("content-type", "application/json"), Header("content-encoding", "gzip") },
            },
        });
    }

    internal static List<object?> Header(string name, string value) => [Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value)];

    internal static byte[] Netstring(object? value)
    {
        var (bytes, tag) = value switch
        {
            null => (Array.Empty<byte>(), '~'),
            byte[] raw => (raw, ','),
            string text => (Encoding.UTF8.GetBytes(text), ';'),
            long number => (Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)), '#'),
            double number => (Encoding.ASCII.GetBytes(number.ToString("R", CultureInfo.InvariantCulture)), '^'),
            bool flag => (Encoding.ASCII.GetBytes(flag ? "true" : "false"), '!'),
            List<object?> list => ([.. list.SelectMany(Netstring)], ']'),
            Dictionary<string, object?> members => ((byte[])[.. members.SelectMany(member => (byte[])[.. Netstring(Encoding.UTF8.GetBytes(member.Key)), .. Netstring(member.Value)])], '}'),
            _ => throw new ArgumentException("No such value.", nameof(value)),
        };
        return [.. Encoding.ASCII.GetBytes($"{bytes.Length}:"), .. bytes, (byte)tag];
    }
}
