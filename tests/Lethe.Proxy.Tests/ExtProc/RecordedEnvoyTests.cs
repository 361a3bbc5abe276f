using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc;
using Lethe.Proxy.ExtProc.Wire;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>What a real Envoy sent, byte for byte, replayed at the door; runs where the recordings lie beside the checkout.</summary>
public sealed class RecordedEnvoyTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_recorded_stream_gets_the_answers_that_envoy_accepted_and_leaves_one_record()
    {
        if (SharedFixtures.Find("envoy") is not { } folder)
        {
            output.WriteLine("No shared/fixtures/envoy beside the checkout: nothing replayed.");
            return;
        }

        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var streams = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*.jsonl.gz").Order(StringComparer.Ordinal))
        {
            await using var packed = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
            using var lines = new StreamReader(packed);
            while (await lines.ReadLineAsync() is { } line)
            {
                using var record = JsonDocument.Parse(line);
                foreach (var recorded in record.RootElement.GetProperty("streams").EnumerateArray())
                {
                    streams++;
                    var captured = await ReplayAsync(world, connection, recorded);
                    Judge(record.RootElement, captured);
                }
            }
        }

        output.WriteLine($"{streams} streams replayed.");
        await world.IdleAsync();
        Assert.Equal(streams, world.Begun);
    }

    private static async Task<CapturedExchange> ReplayAsync(ExtProcWorld world, Http2Connection connection, JsonElement recorded)
    {
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        var answers = new List<string>();
        foreach (var message in recorded.GetProperty("messages").EnumerateArray())
        {
            await stream.SendAsync(message.GetProperty("b64").GetBytesFromBase64());
        }

        var sent = recorded.GetProperty("sent").EnumerateArray().Select(answer => answer.GetString()!).ToList();
        var serverEnds = recorded.GetProperty("end").GetString() == "server-ok";
        if (!serverEnds)
        {
            await stream.HalfCloseAsync();
        }

        using var joined = new MemoryStream();
        while (await stream.ReadAsync() is { } answer)
        {
            answers.Add(Convert.ToBase64String(answer));
        }

        Assert.Equal(0, (await stream.EndAsync()).Status);
        Assert.Equal(Rejoined(sent), Rejoined(answers));
        return await world.NextAsync();
    }

    // A full-duplex chunk may come back in smaller pieces: those of one run are put together before they are compared.
    private static List<string> Rejoined(List<string> answers)
    {
        var runs = new List<string>();
        var body = new List<byte>();
        foreach (var answer in answers.Select(text => Envoy.ProcessingResponse.Parser.ParseFrom(Convert.FromBase64String(text))))
        {
            var streamed = (answer.RequestBody ?? answer.ResponseBody)?.Response?.BodyMutation?.StreamedResponse;
            if (streamed is null)
            {
                runs.Add(answer.ToString());
                continue;
            }

            body.AddRange(streamed.Body.Span);
            if (streamed.EndOfStream || streamed.Body.Length != PassThrough.ChunkBytesMax)
            {
                runs.Add($"{answer.ResponseCase} {Convert.ToHexStringLower(SHA256.HashData(body.ToArray()))} {streamed.EndOfStream}");
                body.Clear();
            }
        }

        return runs;
    }

    private static void Judge(JsonElement record, CapturedExchange captured)
    {
        var (config, scenario) = (record.GetProperty("config_name").GetString()!, record.GetProperty("scenario").GetString()!);
        var mode = record.GetProperty("config").GetProperty("processing_mode");
        var saw = record.GetProperty("client_saw");
        var upstream = record.GetProperty("upstream");
        var what = $"{config} {scenario}: {captured.Ending} {captured.EndingReason} {captured.TransportError}";
        Assert.StartsWith(record.GetProperty("key").GetString(), captured.CommitKey, StringComparison.Ordinal);
        Assert.True(captured.Status == saw.GetProperty("status").GetInt32() || config == "buffered", what);
        Assert.Equal(scenario.StartsWith("http2", StringComparison.Ordinal) ? 0 : 2, captured.RequestHeaders.Count(header => header.Name == "x-dup"));
        if (scenario is "no-upstream" or "route-timeout" or "direct-response")
        {
            Assert.True(captured.Ending == Ending.NoResponse && captured.TransportError is not null, what);
            return;
        }

        if (scenario is "upstream-cut-mid-sse" or "client-abort-mid-sse" or "websocket")
        {
            // A buffering Envoy has the whole answer before its client can hang up on it.
            Assert.True(captured.Ending == Ending.Incomplete || config == "buffered", what);
            return;
        }

        if ((config == "buffered" && scenario is "post-2mib-echo" or "post-3mib-response" or "post-sse-trailers") || scenario == "post-early-response")
        {
            return;
        }

        Assert.True(captured.TransportError is null, what);
        if (mode.GetProperty("request_body_mode").GetString() != "NONE")
        {
            Assert.True(upstream.GetProperty("request_sha256").GetString() == captured.Request.Sha256, what);
        }

        if (mode.GetProperty("response_body_mode").GetString() != "NONE")
        {
            Assert.True(upstream.GetProperty("response_sha256").GetString() == captured.Response.Sha256, what);
            var endUnseen = config == "observe-noattr-reset" && scenario == "post-sse-trailers";
            Assert.True(captured.Ending == (endUnseen ? Ending.Incomplete : Ending.Completed), what);
        }
    }
}
