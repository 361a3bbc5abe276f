using System.Diagnostics;
using Lethe.Proxy.Tests.Admin;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>A verb whose surroundings fail ends with one line that says what is in the way, or none where nobody reads it, and an exit code; never with a trace.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class TroubleTests : IAsyncLifetime
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    private readonly string directory = Directory.CreateTempSubdirectory("lethe-trouble-").FullName;
    private RecordedConversation conversation = null!;

    public async Task InitializeAsync() => conversation = await RecordedConversation.StartAsync();

    public async Task DisposeAsync()
    {
        await conversation.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData("export")]
    [InlineData("export --bodies")]
    [InlineData("sessions")]
    [InlineData("sessions --json")]
    [InlineData("show " + RecordedConversation.MainSession)]
    [InlineData("show --json " + RecordedConversation.MainSession)]
    [InlineData("verify --parity")]
    [InlineData("replay --dry-run")]
    [InlineData("config")]
    [InlineData("--help")]
    [InlineData("run --listen http://127.0.0.1:0 --admin http://127.0.0.1:0 --extproc http://127.0.0.1:0 --set Lethe:DataDirectory=own")]
    public async Task Output_to_a_full_disk(string verb)
    {
        var (code, error) = await ShellAsync($"$PROGRAM {(verb.StartsWith("run", StringComparison.Ordinal) ? verb : verb + " --data $DATA")} > /dev/full");

        Assert.Equal(3, code);
        Assert.Equal("lethe: the output cannot be written: No space left on device\n", error);
    }

    [Theory]
    [InlineData("export")]
    [InlineData("sessions")]
    [InlineData("show " + RecordedConversation.MainSession)]
    public async Task Output_into_a_pipe_whose_reader_has_gone_ends_quietly(string verb)
    {
        var (code, error) = await ShellAsync($"{{ $PROGRAM {verb} --data $DATA; echo $? > code; }} | true; cat code >&2");

        Assert.Equal((0, "1\n"), (code, error));
    }

    [Fact]
    public async Task Tail_ends_when_its_reader_goes()
    {
        var ended = ShellAsync("$PROGRAM tail --json --data $DATA | head -n 1 > /dev/null");
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        while (!ended.IsCompleted)
        {
            await conversation.SayAsync("listen");
            await tick.WaitForNextTickAsync();
        }

        Assert.Equal((0, ""), await ended);
    }

    [Fact]
    public async Task Stderr_that_takes_nothing_leaves_the_exit_code() =>
        Assert.Equal(3, (await ShellAsync("$PROGRAM sessions --data $PWD/none 2> /dev/full")).Code);

    [Theory]
    [InlineData("run")]
    [InlineData("sessions")]
    [InlineData("exec true")]
    public async Task A_working_directory_that_was_deleted(string verb)
    {
        var (code, error) = await ShellAsync($"mkdir gone && cd gone && rmdir ../gone && $PROGRAM {verb} --data $DATA");

        Assert.Equal(3, code);
        Assert.Equal("lethe: the working directory is not there any more. Change to one that is.\n", error);
    }

    [Theory]
    [InlineData("sessions --data file")]
    [InlineData("export --data file/below")]
    [InlineData("verify --data file")]
    [InlineData("replay --data file")]
    [InlineData("replay --into file --data $DATA")]
    [InlineData("export -o none/out --data $DATA")]
    [InlineData("export -o folder --data $DATA")]
    [InlineData("export -o /dev/full/out --data $DATA")]
    [InlineData("tail --data file")]
    [InlineData("exec --data file true")]
    [InlineData("sessions --data broken")]
    [InlineData("exec --data broken true")]
    public async Task What_is_not_what_it_should_be(string verb)
    {
        var (code, error) = await ShellAsync($"mkdir folder broken; echo text > file; echo text > broken/lethe.db; $PROGRAM {verb}");

        Assert.Equal(3, code);
        Assert.StartsWith("lethe: ", error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_is_deleted_while_the_agent_runs_leaves_the_agents_exit_code()
    {
        var (code, error) = await ShellAsync("$PROGRAM exec --data own -- sh -c 'rm -r own; exit 5'");

        Assert.Equal(5, code);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_is_deleted_under_lethe_does_not_keep_it_from_stopping()
    {
        using var lethe = LetheProgram.Start(directory, "run", "--data", Path.Combine(directory, "own"), "--listen", "http://127.0.0.1:0", "--admin", "http://127.0.0.1:0", "--extproc", "http://127.0.0.1:0");
        await lethe.ReadLineAsync("  admin ");
        Directory.Delete(Path.Combine(directory, "own"), recursive: true);

        lethe.Signal(LetheProgram.SigTerm);
        var (code, _, error) = await lethe.ExitAsync();

        Assert.InRange(code, 0, 125);
        Assert.DoesNotContain("Unhandled exception", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Error)> ShellAsync(string script)
    {
        var start = new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = directory, RedirectStandardError = true };
        start.Environment["PROGRAM"] = "dotnet " + Path.Combine(AppContext.BaseDirectory, "lethe.dll");
        start.Environment["DATA"] = conversation.Lethe.DataDirectory;
        using var shell = Process.Start(start)!;
        using var bound = new CancellationTokenSource(WaitMax);
        var error = await shell.StandardError.ReadToEndAsync(bound.Token);
        await shell.WaitForExitAsync(bound.Token);
        return (shell.ExitCode, error);
    }
}
