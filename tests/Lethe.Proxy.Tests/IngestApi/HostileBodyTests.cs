using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>Bodies that no honest producer sends: each has its status and code, harms nobody else's, and costs no memory that grows with it.</summary>
public sealed class HostileBodyTests
{
    private const long GrowthBytesMax = 256L * 1024 * 1024;
    private const string Taken = "";

    private static readonly (string Kind, string Json)[] NoTexts =
        [("lone surrogate", "\"\\ud800\""), ("NUL", "\"a\\u0000b\""), ("too long", $"\"{new string('x', 5000)}\""), ("number", "1"), ("list", "[\"x\"]"), ("object", "{\"x\":1}"), ("true", "true")];

    private static readonly string[] NoCounts = ["-1", "1.5", "1e30", "1e999", "\"1\"", "true", "[]", "999999999999999999999"];

    [Fact]
    public async Task Two_hundred_hostile_bodies_have_their_status_and_code_and_the_next_good_call_works()
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        var producer = new Producer(lethe);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var all = Payloads().Concat(Texts()).Select(one => (one.Name, one.Body, "application/json", one.Status, one.Code)).ToList();
        var lines = Events().ToList();

        Assert.InRange(all.Count + lines.Count, 200, 1000);
        foreach (var (name, body, type, status, code) in all)
        {
            var (told, problem) = await SendAsync(lethe, body, type);
            Assert.Equal((name, status, code), (name, (int)told, Code(problem)));
        }

        // A line that is alone and one among good ones are told the same.
        var (_, whole) = await SendAsync(lethe, Encoding.UTF8.GetBytes(string.Join('\n', lines.SelectMany((line, i) => (string[])[line.Line, Producer.Event("good-" + i, session: "good")]))), Producer.Lines);
        var results = whole.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal(lines.Count * 2, results.Count);
        for (var i = 0; i < lines.Count; i++)
        {
            Assert.Equal((lines[i].Name, lines[i].Code), (lines[i].Name, Code(results[i * 2])));
            Assert.Equal("accepted", results[(i * 2) + 1].GetProperty("status").GetString());
        }

        var (after, _) = await producer.SendAsync(Producer.Payload("s", "still here"));
        Assert.Equal(HttpStatusCode.OK, after);
        Assert.Equal(lines.Count, (await producer.GetAsync("/v1/sessions/good")).GetProperty("session").GetProperty("counters").GetProperty("turns").GetInt32());
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, GrowthBytesMax);
    }

    [Fact]
    public async Task What_is_too_much_at_once_is_413_with_its_code_and_nothing_of_it_is_taken()
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        var producer = new Producer(lethe);

        var (turns, manyTurns) = await producer.SendAsync($"{{\"turns\":[{string.Join(',', Enumerable.Repeat("{}", 10_001))}]}}", "application/json", "/v1/ingest/batch");
        var (lines, manyLines) = await producer.SendAsync(new string('\n', 1_000_001), Producer.Lines);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too_many_turns"), (turns, Code(manyTurns)));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too_many_lines"), (lines, Code(manyLines)));
        foreach (var path in (string[])["/v1/ingest", "/v1/ingest/batch"])
        {
            var address = new Uri(lethe.Host.Doors.Admin);
            using var client = new TcpClient();
            await client.ConnectAsync(address.Host, address.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {(64 * 1024 * 1024) + 1}\r\nConnection: close\r\n\r\n{{"));
            using var answer = new StreamReader(client.GetStream());
            var told = "";
            var some = new char[1024];
            while (!told.Contains("\"body_too_large\"", StringComparison.Ordinal))
            {
                // The rest of the body is waited for a while: what follows the answer is nobody's matter here.
                var read = await answer.ReadAsync(some);
                Assert.True(read > 0, told);
                told += new string(some, 0, read);
            }

            Assert.StartsWith("HTTP/1.1 413 ", told, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await producer.GetAsync("/v1/exchanges")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_line_of_a_gibibyte_is_passed_over_as_it_comes_and_the_one_behind_it_is_stored()
    {
        const int Piece = 1024 * 1024;
        await using var lethe = await LetheUnderTest.StartAsync(options => options.Ingest.BodyBytesMax = 2L * 1024 * 1024 * 1024);
        var start = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;
        var piece = Encoding.ASCII.GetBytes(new string('x', Piece));
        using var content = new Written(async stream =>
        {
            await stream.WriteAsync("{\"content\":\""u8.ToArray());
            for (var i = 0; i < 1024; i++)
            {
                await stream.WriteAsync(piece);
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false) - start);
            }

            await stream.WriteAsync(Encoding.UTF8.GetBytes("\"}\n" + Producer.Event("behind")));
        });
        content.Headers.ContentType = new MediaTypeHeaderValue(Producer.Lines);
        using var response = await lethe.Admin.PostAsync("/v1/ingest", content);
        var told = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement;

        Assert.Equal(["line_too_large", Taken], told.GetProperty("results").EnumerateArray().Select(Code));
        Assert.InRange(most, long.MinValue, GrowthBytesMax);
    }

    [Fact]
    public async Task Bodies_that_never_end_and_answers_that_unfold_without_end_keep_nobody_waiting()
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        var producer = new Producer(lethe);
        var address = new Uri(lethe.Host.Doors.Admin);
        var slow = new List<TcpClient>();
        for (var i = 0; i < 32; i++)
        {
            var client = new TcpClient();
            slow.Add(client);
            await client.ConnectAsync(address.Host, address.Port);
            var type = i % 2 == 0 ? "application/json" : Producer.Lines;
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /v1/ingest HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: {type}\r\nContent-Length: 100000\r\n\r\n{{\"provider\":\"anthr"));
        }

        var (status, result) = await producer.SendAsync(Producer.Payload("s", "beside them", "k"));
        Assert.Equal((HttpStatusCode.OK, "accepted"), (status, result.GetProperty("status").GetString()));
        slow.ForEach(client => client.Dispose());

        // A quarter of a gibibyte in a few hundred kibibytes.
        using var bomb = new MemoryStream();
        using (var gzip = new GZipStream(bomb, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[1024 * 1024];
            for (var i = 0; i < 256; i++)
            {
                gzip.Write(zeros);
            }
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (folded, told) = await producer.SendAsync(Producer.Payload("s", "unfolds", "bomb", change: payload =>
        {
            payload.Remove("response");
            payload["raw_response"] = Convert.ToBase64String(bomb.ToArray());
            payload["raw_response_encoding"] = "gzip";
        }));
        Assert.Equal(HttpStatusCode.OK, folded);
        var kept = await producer.GetAsync("/v1/exchanges/" + told.GetProperty("exchange_id").GetString());
        Assert.NotEqual("completed", kept.GetProperty("outcome").GetString());
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, GrowthBytesMax);

        using var coded = new ByteArrayContent(bomb.ToArray());
        coded.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        coded.Headers.ContentEncoding.Add("gzip");
        using var refused = await lethe.Admin.PostAsync("/v1/ingest", coded);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await producer.SendAsync(Producer.Payload("s", "after all"))).Status);
    }

    // A field at a time is something else than it may be.
    private static IEnumerable<(string Name, byte[] Body, int Status, string Code)> Payloads()
    {
        foreach (var (field, code) in ((string, string)[])[
            ("provider", "missing_field"), ("commit_key", "bad_key"), ("meta.request_id", "bad_key"), ("session.harness_id", "bad_session"), ("session.harness_session_id", "bad_session"),
            ("session.harness_version", "bad_session"), ("session.parent_harness_session_id", "bad_session"), ("session.thread_id", "bad_session"), ("session.cwd", "bad_session"),
            ("session.name", "bad_session"), ("session.org_id", "bad_org")])
        {
            foreach (var (kind, json) in NoTexts)
            {
                yield return ($"{field} {kind}", With(field, json), 400, code);
            }
        }

        foreach (var json in (string[])["1", "\"x\"", "[]", "true"])
        {
            yield return ("request " + json, With("request", json), 400, "missing_field");
            yield return ("session " + json, With("session", json), 400, "bad_session");
            yield return ("response " + json, With("response", json), 422, "bad_response");
            yield return ("raw_response " + json, With("raw_response", json), 422, "bad_base64");
        }

        yield return ("metadata too large", With("session.harness_metadata", $"{{\"x\":\"{new string('y', 5000)}\"}}"), 422, "metadata_too_large");
        yield return ("unknown provider", With("provider", "\"nobody\""), 422, "unknown_provider");
        yield return ("coding", With("raw_response_encoding", "\"rot13\"", ("raw_response", "\"\"")), 422, "unknown_encoding");
        yield return ("foreign", With("session.org_id", "\"0b6f1c1e-0000-4000-8000-000000000001\""), 403, "foreign_org");
    }

    // The whole text is something else.
    private static IEnumerable<(string Name, byte[] Body, int Status, string Code)> Texts()
    {
        var good = Producer.Payload("s", "x").ToJsonString();
        for (var cut = 0; cut < good.Length; cut += Math.Max(1, good.Length / 24))
        {
            yield return ($"cut at {cut}", Encoding.UTF8.GetBytes(good[..cut]), 400, "bad_json");
        }

        foreach (var depth in (int[])[129, 1000, 100_000])
        {
            yield return ($"{depth} lists", With("request", $"{{\"a\":{new string('[', depth)}{new string(']', depth)}}}"), 422, "too_deep");
            yield return ($"{depth} objects", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth)), 422, "too_deep");
            yield return ($"{depth} lists that never end", Encoding.UTF8.GetBytes("{\"a\":" + new string('[', depth)), 400, "bad_json");
        }

        foreach (var text in (string[])["", " ", "null", "true", "1", "\"x\"", "[]", "[{}]", "{}x", "{}{}", "{'a':1}", "{a:1}", "{\"a\":1,}", "{\"a\":NaN}", "{\"a\":01}", "{\"a\":1/*c*/}", "\u0000", "{\"a\":\"\n\"}"])
        {
            yield return ("text " + text, Encoding.UTF8.GetBytes(text), 400, "bad_json");
        }

        yield return ("a provider of no UTF-8", [.. "{\"provider\":\""u8, 0xff, 0xfe, .. "\",\"request\":{}}"u8], 400, "missing_field");

        // The last of two counts; what is said is kept, whatever it is.
        yield return ("twice", Encoding.UTF8.GetBytes("{\"provider\":\"nobody\"," + good[1..]), 200, Taken);
        yield return ("twice, and wrong at last", Encoding.UTF8.GetBytes(good[..^1] + ",\"provider\":\"nobody\"}"), 422, "unknown_provider");
        foreach (var (kind, json) in ((string, string)[])[("surrogate", "\"\\ud800\""), ("NUL", "\"\\u0000\""), ("number", "1e999"), ("long number", new string('9', 400)), ("depth", new string('[', 100) + new string(']', 100))])
        {
            yield return ("said: " + kind, With("request", $"{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":{json}}}]}}"), 200, Taken);
        }
    }

    private static IEnumerable<(string Name, string Line, string Code)> Events()
    {
        foreach (var field in (string[])["tool", "host", "session_id", "turn_id"])
        {
            foreach (var (kind, json) in NoTexts)
            {
                yield return ($"{field} {kind}", Event(field, json), "bad_field");
            }

            yield return ($"{field} empty", Event(field, "\"\""), "missing_field");
        }

        foreach (var field in (string[])["seq", "tokens_in", "tokens_out"])
        {
            foreach (var json in NoCounts)
            {
                yield return ($"{field} {json}", Event(field, json), "bad_number");
            }
        }

        foreach (var json in (string[])["-1", "1e999", "\"1\"", "[]", "1e20"])
        {
            yield return ("cost_usd " + json, Event("cost_usd", json), "bad_number");
            yield return ("timestamp " + json, Event("timestamp", json), "bad_timestamp");
        }

        foreach (var (field, json, code) in ((string, string, string)[])[
            ("role", "\"robot\"", "bad_role"), ("role", "1", "bad_role"), ("role", "null", "missing_field"), ("content", "1", "bad_field"), ("content", "null", "missing_field"),
            ("model", "1", "bad_field"), ("metadata", "[]", "bad_field"), ("tool_calls", "{}", "bad_field"), ("tool_calls", $"[{string.Join(',', Enumerable.Repeat("{}", 1025))}]", "too_many_tool_calls"),
            ("session_meta", "1", "bad_field"), ("session_meta", $"{{\"source_file\":\"{new string('f', 1025)}\"}}", "source_file_too_long"),
            ("session_meta", "{\"started_at\":-1}", "bad_timestamp"), ("session_meta", "{\"metadata\":[]}", "bad_field"), ("session_meta", $"{{\"metadata\":{{\"x\":\"{new string('y', 5000)}\"}}}}", "metadata_too_large"),
            ("org_id", "\"0b6f1c1e-0000-4000-8000-000000000001\"", "foreign_org"), ("org_id", "\"x\"", "bad_org")])
        {
            yield return ($"{field} {json[..Math.Min(json.Length, 30)]}", Event(field, json), code);
        }

        foreach (var line in (string[])["{", "null", "[]", "1", "\"x\"", "{\"tool\":}"])
        {
            yield return (line[..Math.Min(line.Length, 30)], line, "bad_json");
        }

        yield return ("200 lists", $"{{\"tool\":{new string('[', 200)}{new string(']', 200)}}}", "too_deep");
    }

    private static byte[] With(string field, string json, params (string Field, string Json)[] more)
    {
        var payload = Producer.Payload("s", "x");
        foreach (var (name, value) in ((string, string)[])[(field, json), .. more])
        {
            JsonNode holder = payload;
            foreach (var part in name.Split('.')[..^1])
            {
                holder = holder[part] ??= new JsonObject();
            }

            holder[name.Split('.')[^1]] = "@" + name;
            if (name == "raw_response")
            {
                payload.Remove("response");
            }
        }

        var text = payload.ToJsonString();
        text = text.Replace($"\"@{field}\"", json, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(more.Aggregate(text, (whole, one) => whole.Replace($"\"@{one.Field}\"", one.Json, StringComparison.Ordinal)));
    }

    private static string Event(string field, string json)
    {
        var line = JsonNode.Parse(Producer.Event("t"))!.AsObject();
        line[field] = "@";
        return line.ToJsonString().Replace("\"@\"", json, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(LetheUnderTest lethe, byte[] body, string type)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var response = await lethe.Admin.PostAsync("/v1/ingest", content);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement);
    }

    private static string Code(JsonElement told) => told.TryGetProperty("code", out var code) ? code.GetString() ?? Taken : Taken;

    /// <summary>A body that is made as it is sent.</summary>
    private sealed class Written(Func<Stream, Task> write) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
