using Lethe.Proxy.Importing;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.IngestApi;

namespace Lethe.Proxy.Tests.Importing;

/// <summary>History that others have captured.</summary>
public sealed class ImportCommandTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lethe-test-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_file_is_taken_in_once_with_and_without_a_lethe_that_runs()
    {
        var file = Path.Combine(directory, "history.jsonl");
        await File.WriteAllLinesAsync(
            file,
            [
                .. Enumerable.Range(0, 1200).Select(i => Producer.Event("t" + i, "said " + i, at: i)), "{", "",
                Producer.Payload("s-2", "hi").ToJsonString(), Producer.Payload("s-2", "hi again").ToJsonString(),
            ]);
        var data = Path.Combine(directory, "data");

        var (code, output, error) = await LetheProgram.RunAsync("import", file, "--data", data);
        Assert.Equal((1, "1202 taken in, 0 known, 0 in conflict, 1 rejected\n"), (code, output));
        Assert.Contains("history.jsonl:1201: bad_json", error, StringComparison.Ordinal);

        await using (var lethe = await LetheUnderTest.StartAsync(options => options.DataDirectory = data))
        {
            Assert.Equal("0 taken in, 1202 known, 0 in conflict, 1 rejected\n", (await LetheProgram.RunAsync("import", file, "--data", data)).Output);
            var counters = (await new Producer(lethe).GetAsync("/v1/sessions/s-1")).GetProperty("session").GetProperty("counters");
            Assert.Equal(1200, counters.GetProperty("turns").GetInt32());
            Assert.Equal(0, (await LetheProgram.RunAsync("verify", "--parity", "--data", data)).ExitCode);
        }

        Directory.CreateDirectory(directory);
    }

    [Fact]
    public async Task L_45_a_turn_without_a_key_is_known_by_all_of_its_content_in_whichever_file_it_stands()
    {
        var alike = new string('x', 5000);
        string[] lines = [Producer.Payload("s", alike + "1").ToJsonString(), Producer.Payload("s", alike + "2").ToJsonString(), Producer.Payload("s2", alike + "1").ToJsonString()];
        var (first, second, data) = (Path.Combine(directory, "first.jsonl"), Path.Combine(directory, "second.jsonl"), Path.Combine(directory, "data"));
        await File.WriteAllLinesAsync(first, lines);
        await File.WriteAllLinesAsync(second, [lines[1], Producer.Payload("s", alike + "3").ToJsonString()]);

        Assert.Equal("3 taken in, 0 known, 0 in conflict, 0 rejected\n", (await LetheProgram.RunAsync("import", first, "--data", data)).Output);
        Assert.Equal("1 taken in, 4 known, 0 in conflict, 0 rejected\n", (await LetheProgram.RunAsync("import", first, second, "--data", data)).Output);
        // Each part is framed by its length.
        Assert.NotEqual(RetoldCall.KeyOf(["ab", "c"]), RetoldCall.KeyOf(["a", "bc"]));
        Assert.Equal("import:".Length + 64, RetoldCall.KeyOf(["ab", "c"]).Length);
    }

    [Fact]
    public async Task A_file_that_is_none_exits_3()
    {
        var (code, _, error) = await LetheProgram.RunAsync("import", Path.Combine(directory, "none"), "--data", Path.Combine(directory, "data"));

        Assert.Equal(3, code);
        Assert.Contains("There is no file", error, StringComparison.Ordinal);
    }
}
