using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lethe.Proxy.Benchmarks;

/// <summary>How fast a tree of transcripts is taken in, by a lethe of its own, and how fast it is recognised the second time.</summary>
internal static class ImportBenchmark
{
    private const int MegabytesUsual = 1024;
    private const int CallsInSession = 300;
    private const int ResultChars = 4000;
    private const double Megabyte = 1024 * 1024;

    public static Task RunAsync(Report report) => RunAsync(report, MegabytesUsual);

    /// <param name="megabytes">Of the tree.</param>
    public static async Task RunAsync(Report report, int megabytes)
    {
        var directory = Directory.CreateTempSubdirectory("lethe-bench-").FullName;
        try
        {
            var (bytes, calls) = Fill(Path.Combine(directory, "tree"), (long)(megabytes * Megabyte));
            var rows = new List<string[]>();
            foreach (var name in (string[])["the first time", "again"])
            {
                var clock = Stopwatch.StartNew();
                await ImportAsync(directory);
                var seconds = clock.Elapsed.TotalSeconds;
                rows.Add([name, (bytes / Megabyte / seconds).ToString("0.0", CultureInfo.InvariantCulture), Report.Count(calls / seconds), seconds.ToString("0.0 s", CultureInfo.InvariantCulture)]);
            }

            report.Table($"Import of {Report.Count(bytes / Megabyte)} MB of Claude Code's transcripts, {Report.Count(calls)} calls", ["", "MB/s", "calls/s", "took"], rows);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task ImportAsync(string directory)
    {
        using var lethe = Process.Start(ProxyUnderTest.Program("lethe.dll", "import", Path.Combine(directory, "tree"), "--data", Path.Combine(directory, "data")))!;
        var told = await lethe.StandardOutput.ReadToEndAsync();
        await lethe.WaitForExitAsync();
        Console.Error.WriteLine(told.TrimEnd());
        if (lethe.ExitCode != 0)
        {
            throw new InvalidOperationException(told);
        }
    }

    private static (long Bytes, long Calls) Fill(string tree, long bytesMin)
    {
        var (bytes, calls) = (0L, 0L);
        for (var session = 0; bytes < bytesMin; session++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(tree, $"project-{session % 20}")).FullName;
            using var file = new StreamWriter(Path.Combine(folder, $"{Id(session)}.jsonl"), append: false, new UTF8Encoding(false)) { NewLine = "\n" };
            for (var call = 0; call < CallsInSession; call++, calls++)
            {
                foreach (var line in Lines(session, call))
                {
                    file.WriteLine(line);
                    bytes += line.Length + 1;
                }
            }
        }

        return (bytes, calls);
    }

    private static string Id(int session) => $"00000000-0000-4000-8000-{session:x12}";

    private static IEnumerable<string> Lines(int session, int call)
    {
        var at = DateTimeOffset.UnixEpoch.AddDays(20_000 + session).AddSeconds(call * 10);
        var name = $"{session}_{call}";
        object content = call == 0 ? $"question {session}" : new object[] { new { type = "tool_result", tool_use_id = $"toolu_{session}_{call - 1}", content = Words(session * 7 + call) } };
        yield return Line("user", session, at, new { role = "user", content });
        var usage = new { input_tokens = 12, cache_creation_input_tokens = 900, cache_read_input_tokens = 900 * call, output_tokens = 120 };
        object[] blocks = [new { type = "text", text = $"step {name}: looking further" }, new { type = "tool_use", id = $"toolu_{name}", name = "Bash", input = new { command = $"grep -rn word{call} src", description = "look" } }];
        foreach (var block in blocks)
        {
            yield return Line("assistant", session, at.AddSeconds(3), new { id = $"msg_{name}", type = "message", role = "assistant", model = "claude-sonnet-4-5", content = new[] { block }, stop_reason = "tool_use", usage });
        }
    }

    private static string Line(string type, int session, DateTimeOffset at, object message) => JsonSerializer.Serialize(new
    {
        type,
        sessionId = Id(session),
        timestamp = at.ToString("O", CultureInfo.InvariantCulture),
        cwd = "/home/ann/project",
        version = "2.1.329",
        gitBranch = "main",
        userType = "external",
        isSidechain = false,
        message,
    });

    private static string Words(int seed)
    {
        var words = new StringBuilder(ResultChars + 32);
        for (var i = 0; words.Length < ResultChars; i++)
        {
            words.Append(CultureInfo.InvariantCulture, $"src/part{(seed * 31 + i) % 97}/file{i}.cs:{(seed + i * 13) % 400}: value_{seed ^ i} = read(\"{seed}\");\n");
        }

        return words.ToString();
    }
}
