using System.Diagnostics;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>A client that shares no code with the door, <c>@grpc/grpc-js</c>, in every mode; it is installed by <c>scripts/install-test-needs</c>.</summary>
public sealed class GrpcJsTests : IAsyncLifetime
{
    private const int AtOnce = 200;

    private static readonly TimeSpan RunTimeMax = TimeSpan.FromSeconds(90);
    private static readonly string[] Unheard = ["broken", "compressed"];

    private JsonElement seen;
    private Dictionary<string, JsonElement> records = null!;

    private static string Modules => Path.Combine(Checkout.Root, "artifacts", "agents", "node_modules");

    public async Task InitializeAsync()
    {
        Assert.True(Directory.Exists(Path.Combine(Modules, "@grpc", "grpc-js")), "@grpc/grpc-js is not installed: run scripts/install-test-needs");
        await using var lethe = await LetheProcess.StartAsync(null, ("Lethe:ExtProc:MessageBytesMax", "1048576"));
        seen = await RunAsync(new Uri(lethe.ExtProc).Authority);
        await lethe.StopAsync();
        records = (await lethe.ExportAsync()).ToDictionary(record => record.Text("commit_key")!);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public void Every_mode_gets_its_answers_and_leaves_one_record_and_faults_have_their_status()
    {
        AssertModes();
        AssertObserved();
        AssertHealth();
        AssertFaults();
        AssertManyAtOnce();
        Assert.DoesNotContain(records.Keys, key => Unheard.Contains(key));
        Assert.All(records.Values, record => Assert.Equal("ext_proc", record.Text("door")));
    }

    private void AssertModes()
    {
        foreach (var mode in new[] { "STREAMED", "BUFFERED", "BUFFERED_PARTIAL", "FULL_DUPLEX_STREAMED", "beside-oversize" })
        {
            // Streamed bodies come in two chunks; in full duplex a run of chunks is told as one.
            var bodies = mode is "STREAMED" or "beside-oversize" ? 2 : 1;
            AssertAnswered(mode, [.. Direction("request", bodies), .. Direction("response", bodies)]);
            AssertRecorded(mode, "completed");
            if (mode != "beside-oversize")
            {
                var trailed = mode + "+trailers";
                AssertAnswered(trailed, [.. Direction("request", bodies), "request_trailers", .. Direction("response", bodies), "response_trailers"]);
                AssertRecorded(trailed, "completed");
            }
        }

        AssertAnswered("NONE", ["request_headers", "response_headers"]);
        Assert.Equal(("incomplete", "body_not_sent", 200L), (records["NONE"].Text("outcome"), records["NONE"].Text("outcome_reason"), records["NONE"].Number("status")));
    }

    private void AssertObserved()
    {
        foreach (var name in new[] { "observed", "observed+trailers" })
        {
            AssertAnswered(name, []);
            AssertRecorded(name, "completed");
        }
    }

    private void AssertHealth()
    {
        Assert.Equal(("SERVING", "SERVING", "SERVING"), (Word("health", "whole", "answer"), Word("health", "door", "answer"), Word("health", "watched")));
        Assert.Equal((5L, 1L), (Count("health", "other", "status"), Count("health", "left", "status")));
    }

    private void AssertFaults()
    {
        Assert.Equal((12L, "Method is unimplemented."), (Count("wrong_method", "status"), Word("wrong_method", "details")));
        Assert.Equal((13L, "A message is no valid ProcessingRequest."), (Count("broken", "status"), Word("broken", "details")));
        Assert.Equal((12L, "Unsupported grpc-encoding value 'gzip'. Supported encodings: identity"), (Count("compressed", "status"), Word("compressed", "details")));
        Assert.Equal(("request_headers", 8L), (Word("oversize", "first"), Count("oversize", "status")));
        Assert.Equal(("request_headers", 4L), (Word("deadline", "first"), Count("deadline", "status")));
        Assert.Equal(("response_body", 1L), (Word("cancelled", "last"), Count("cancelled", "status")));
        Assert.All(["oversize", "deadline"], name => Assert.Equal("no_response", records[name].Text("outcome")));
        Assert.Equal(("incomplete", 20L), (records["cancelled"].Text("outcome"), records["cancelled"].Number("response", "bytes")));
    }

    private void AssertManyAtOnce()
    {
        var many = seen.GetProperty("many").EnumerateArray().ToList();
        Assert.Equal(AtOnce, many.Count);
        Assert.All(many, one => Assert.Equal((0L, true), (one.Number("status"), one.GetProperty("whole").GetBoolean())));
        Assert.All(Enumerable.Range(0, AtOnce), number => AssertRecorded($"many-{number}", "completed"));
    }

    private static IEnumerable<string> Direction(string name, int bodies) => [$"{name}_headers", .. Enumerable.Repeat($"{name}_body", bodies)];

    private void AssertAnswered(string name, string[] answers)
    {
        var got = seen.GetProperty(name);
        Assert.Equal(answers, got.GetProperty("answers").EnumerateArray().Select(answer => answer.GetString()));
        Assert.True(got.GetProperty("whole").GetBoolean(), name);
        Assert.Equal(0, got.Number("status"));
        Assert.Equal(0, got.GetProperty("unasked").GetArrayLength());
    }

    private void AssertRecorded(string name, string outcome)
    {
        var record = records[name];
        Assert.Equal((outcome, "Hello", "messages"), (record.Text("outcome"), record.Text("reply", "text"), record.Text("endpoint")));
        Assert.Equal((12L, 3L, 2L), (record.Number("usage", "input_tokens"), record.Number("usage", "output_tokens"), record.Number("chain", "length")));
    }

    private string? Word(params string[] path) => seen.Text(path);

    private long? Count(params string[] path) => seen.Number(path);

    private static async Task<JsonElement> RunAsync(string target)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Checkout.Root, "tests", "grpc-js", "extproc-client.js"), Path.Combine(Checkout.Root, "protos"), target])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NODE_PATH"] = Modules;
        using var node = Process.Start(start)!;
        var (output, errors) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        try
        {
            await node.WaitForExitAsync().WaitAsync(RunTimeMax);
        }
        catch (TimeoutException)
        {
            node.Kill();
            throw;
        }

        Assert.True(node.ExitCode == 0, await errors);
        return JsonDocument.Parse(await output).RootElement;
    }
}
