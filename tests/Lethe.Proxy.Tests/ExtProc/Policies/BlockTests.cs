using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Configuration;
using ZstdSharp;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc.Policies;

/// <summary>Calls that a rule refuses, answered by an immediate response.</summary>
public sealed class BlockTests
{
    private const string Opus = """{"max_tokens":5,"nested":{"model":"no"},"messages":[{"content":"\"model\":\"no\""}],"m\u006fdel":"claude-opus-5"}""";

    [Theory]
    [InlineData("Streamed")]
    [InlineData("Buffered")]
    [InlineData("FullDuplexStreamed")]
    [InlineData("None")]
    public async Task A_path_is_refused_with_a_problem_document_before_anything_goes_on(string mode)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Block["files"] = new BlockOptions { PathPrefix = "/v1/files", Status = 429, Detail = "No «files» here." });
        await using var connection = await world.ConnectAsync();

        var seen = await EnvoyPlayer.PlayAsync(connection, Call(mode, "{}") with { Path = "/v1/files?x=1" });

        Assert.Equal(429, seen.Status);
        var header = Assert.Single(seen.Blocked!.Headers.SetHeaders).Header;
        Assert.Equal(("content-type", "", "application/problem+json"), (header.Key, header.Value, header.RawValue.ToStringUtf8()));
        using var problem = JsonDocument.Parse(seen.ResponseBody);
        Assert.Equal("blocked", problem.RootElement.GetProperty("code").GetString());
        Assert.Equal(429, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Equal("No «files» here.", problem.RootElement.GetProperty("detail").GetString());
        var captured = await world.NextAsync();
        Assert.Equal((429, Ending.NoResponse, "blocked", "blocked"), (captured.Status, captured.Ending, captured.EndingReason, captured.TransportError?.Type));
        Assert.Equal("files", captured.Attributes["lethe.extproc.blocked_by"]);
        Assert.Equal(seen.ResponseBody, captured.Response.Bytes.ToArray());
        await world.IdleAsync();
    }

    [Theory]
    [InlineData("Streamed", "claude-opus-5", true)]
    [InlineData("Streamed", "claude-*", true)]
    [InlineData("Streamed", "no", false)]
    [InlineData("Buffered", "claude-opus-5", true)]
    [InlineData("FullDuplexStreamed", "claude-opus*", true)]
    [InlineData("FullDuplexStreamed", "claude-sonnet*", false)]
    public async Task A_model_is_found_in_the_body_however_it_is_cut(string mode, string model, bool refused)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Block["big"] = new BlockOptions { Model = model });
        await using var connection = await world.ConnectAsync();
        foreach (var size in (int[])[1, 7, 1000])
        {
            var seen = await EnvoyPlayer.PlayAsync(connection, Call(mode, Opus, size));

            Assert.Equal((refused ? 403 : 200, null), (seen.Status, seen.Fault));
            var captured = await world.NextAsync();
            Assert.Equal(refused, captured.Ending == Ending.NoResponse);
            Assert.StartsWith(Encoding.UTF8.GetString(captured.Request.Bytes.Span), Opus, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/v1beta/models/gemini-3-pro:generateContent", "gemini-3-pro", true)]
    [InlineData("/openai/deployments/gpt-5/chat/completions", "gpt-5", true)]
    [InlineData("/v1beta/models/gemini-3-pro:generateContent", "gemini-3", false)]
    [InlineData("/v1beta/%6dodels/gemini%2D3-pro:generateContent", "gemini-3-pro", true)]
    [InlineData("/v1/x/../models/gemini-3-pro:generateContent", "gemini-3-pro", true)]
    [InlineData("/model/anthropic.claude-opus-5-v1%3A0/converse", "anthropic.claude-opus-5-v1:0", true)]
    public async Task A_model_is_found_in_the_path(string path, string model, bool refused)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Block["x"] = new BlockOptions { Model = model });
        await using var connection = await world.ConnectAsync();
        Assert.Equal(refused ? 403 : 200, (await EnvoyPlayer.PlayAsync(connection, Call("Streamed", "{}") with { Path = path })).Status);
    }

    [Theory]
    [InlineData("claude-cli/2.1.329 (external, cli)", "/v1/messages", 403)]
    [InlineData("claude-cli/2.1.329 (external, cli)", "/v1/models", 200)]
    [InlineData("curl/8", "/v1/messages", 200)]
    public async Task Every_condition_of_a_rule_must_hold(string agent, string path, int status)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Block["x"] = new BlockOptions { Harness = "claude-code", PathPrefix = "/v1/mess" });
        await using var connection = await world.ConnectAsync();
        var seen = await EnvoyPlayer.PlayAsync(connection, Call("Streamed", "{}") with { Path = path, Headers = [("user-agent", agent)] });
        Assert.Equal((status, null), (seen.Status, seen.Fault));
    }

    [Fact]
    public async Task Where_envoy_only_watches_nothing_is_refused()
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Block["x"] = new BlockOptions { PathPrefix = "/" });
        await using var connection = await world.ConnectAsync();
        Assert.Equal((200, null), await EnvoyPlayer.PlayAsync(connection, Call("Streamed", "{}") with { Observing = true }) is var seen ? (seen.Status, seen.Fault) : default);
        Assert.Equal(Ending.Completed, (await world.NextAsync()).Ending);
    }

    [Theory]
    [InlineData("gzip", "Streamed")]
    [InlineData("x-gzip", "FullDuplexStreamed")]
    [InlineData("deflate", "Streamed")]
    [InlineData("raw deflate", "Streamed")]
    [InlineData("br", "Buffered")]
    [InlineData("zstd", "Streamed")]
    [InlineData("zstd", "FullDuplexStreamed")]
    [InlineData("GZIP, identity, br", "Streamed")]
    public async Task A_model_is_found_in_a_coded_body_however_it_is_cut(string coding, string mode)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Block["big"] = new BlockOptions { Model = "claude-opus*" });
        await using var connection = await world.ConnectAsync();
        var header = coding.Replace("raw ", "", StringComparison.Ordinal);
        foreach (var size in (int[])[1, 7, 1000])
        {
            var refused = await EnvoyPlayer.PlayAsync(connection, Coded(Opus, size));
            Assert.Equal((403, null), (refused.Status, refused.Fault));
            var allowed = await EnvoyPlayer.PlayAsync(connection, Coded(Opus.Replace("opus", "haiku", StringComparison.Ordinal), size));
            Assert.Equal((200, null), (allowed.Status, allowed.Fault));
        }

        PlayedCall Coded(string body, int size) => Call(mode, body) with { RequestBody = [.. Pack(Encoding.UTF8.GetBytes(body), coding).Chunk(size)], Headers = [("content-encoding", header)] };
    }

    [Theory]
    [InlineData("snappy", false)]
    [InlineData("gzip, gzip, gzip, gzip, gzip", false)]
    [InlineData("gzip", false)]
    [InlineData("br", true)]
    public async Task A_coded_body_that_cannot_be_read_could_name_any_model(string coding, bool isBomb)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Block["x"] = new BlockOptions { Model = "never-named" });
        await using var connection = await world.ConnectAsync();
        var body = isBomb ? Pack(new byte[ContentDecoder.OutputBytesMax + 100_000], coding) : "no gzip at all"u8.ToArray();
        var seen = await EnvoyPlayer.PlayAsync(connection, Call("Streamed", "") with { RequestBody = [body], Headers = [("content-encoding", coding)] });
        Assert.Equal((403, null), (seen.Status, seen.Fault));
        Assert.Equal("x", (await world.NextAsync()).Attributes["lethe.extproc.blocked_by"]);
    }

    [Theory]
    [InlineData("/v1/%6dessages", true)]
    [InlineData("/v1%2Fmessages?x=1", true)]
    [InlineData("//v1//messages", true)]
    [InlineData("/v1/./messages", true)]
    [InlineData("/v1/files/../messages", true)]
    [InlineData("/v1/files/%2e%2E/messages", true)]
    [InlineData("/v1;x=1/messages", true)]
    [InlineData("/v1\\messages", true)]
    [InlineData("/v1/messages/../files", true)]
    [InlineData("/v1/files?path=/v1/messages", false)]
    [InlineData("/v1/%256dessages", false)]
    [InlineData("/x/v1/messages", false)]
    public async Task A_path_is_refused_in_whichever_way_it_is_written(string path, bool refused)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Block["x"] = new BlockOptions { PathPrefix = "/v1/messages" });
        await using var connection = await world.ConnectAsync();
        Assert.Equal(refused ? 403 : 200, (await EnvoyPlayer.PlayAsync(connection, Call("Streamed", "{}") with { Path = path })).Status);
    }

    private static PlayedCall Call(string mode, string body, int size = 1000) => new()
    {
        Request = Enum.Parse<BodyMode>(mode),
        RequestBody = [.. Encoding.UTF8.GetBytes(body).Chunk(size)],
    };

    private static byte[] Pack(byte[] body, string codings)
    {
        foreach (var coding in codings.ToLowerInvariant().Split(", ").Where(coding => coding != "identity"))
        {
            using var packed = new MemoryStream();
            using (Stream stream = coding switch
            {
                "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "raw deflate" => new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "zstd" => new CompressionStream(packed, leaveOpen: true),
                _ => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            })
            {
                stream.Write(body);
            }

            body = packed.ToArray();
        }

        return body;
    }
}
