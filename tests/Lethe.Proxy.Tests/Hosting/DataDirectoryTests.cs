using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Tests.Hosting;

public sealed class DataDirectoryTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string home = Directory.CreateTempSubdirectory("lethe-data-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Theory]
    [InlineData(UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute)]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.GroupWrite | UnixFileMode.GroupExecute)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_directory_that_is_open_to_others_is_refused_and_stays_as_it_is(UnixFileMode others)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var link = Path.Combine(home, "link");
        var project = Directory.CreateDirectory(Path.Combine(home, "project")).FullName;
        File.SetUnixFileMode(project, OwnerOnly | others);
        Directory.CreateSymbolicLink(link, project);

        foreach (var path in (string[])[project, link])
        {
            var fault = await Assert.ThrowsAsync<HostFault>(() => DataDirectory.OpenAsync(path, TimeProvider.System));
            Assert.Equal($"the data directory {path} is open to other users: make it private (chmod 700), or name a directory inside it, which lethe then makes.", fault.Message);
        }

        Assert.Equal(OwnerOnly | others, File.GetUnixFileMode(project));
        Assert.Empty(Directory.EnumerateFileSystemEntries(project));
        using var inside = await DataDirectory.OpenAsync(Path.Combine(project, "lethe"), TimeProvider.System);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(inside.Path));
    }

    [Fact]
    public async Task A_private_directory_keeps_its_mode()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const UnixFileMode Passable = OwnerOnly | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(home, Passable);

        using var directory = await DataDirectory.OpenAsync(home, TimeProvider.System);

        Assert.Equal(Passable, File.GetUnixFileMode(home));
    }

    [Fact]
    public async Task Whoever_asks_who_runs_here_keeps_nobody_from_starting()
    {
        (await DataDirectory.OpenAsync(home, TimeProvider.System)).Dispose();
        using var end = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                DataDirectory.IsHeld(home);
            }
        })).ToArray();

        for (var i = 0; i < 20; i++)
        {
            using var directory = await DataDirectory.OpenAsync(home, TimeProvider.System);
            Assert.True(DataDirectory.IsHeld(home));
        }

        await end.CancelAsync();
        await Task.WhenAll(asking);
        Assert.False(DataDirectory.IsHeld(home));
    }

    [Fact]
    public async Task Those_who_ask_do_not_take_each_other_for_an_owner()
    {
        (await DataDirectory.OpenAsync(home, TimeProvider.System)).Dispose();

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 500).Any(_ => DataDirectory.IsHeld(home)))));

        Assert.All(answers, Assert.False);
    }
}
