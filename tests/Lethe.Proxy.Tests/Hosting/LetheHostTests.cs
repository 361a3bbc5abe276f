using System.Net;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Tests.Hosting;

public sealed class LetheHostTests
{
    [Fact]
    public async Task Each_door_has_its_own_routes()
    {
        await using var lethe = await LetheUnderTest.StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await lethe.Admin.GetAsync("/healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await lethe.Forwarding.GetAsync("/healthz")).StatusCode);
        Assert.NotEqual(lethe.Host.Doors.Forwarding, lethe.Host.Doors.Admin);
        Assert.NotEqual(lethe.Host.Doors.Forwarding, lethe.Host.Doors.ExtProc);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task The_forwarding_door_speaks_both_versions_of_http_without_tls(string version)
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/no-such-upstream")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await lethe.Forwarding.SendAsync(request);

        Assert.Equal(Version.Parse(version), response.Version);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task What_is_durable_is_private()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await using var lethe = await LetheUnderTest.StartAsync();

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        var all = Directory.EnumerateFileSystemEntries(lethe.DataDirectory, "*", SearchOption.AllDirectories).Append(lethe.DataDirectory);
        foreach (var path in all)
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & Others);
        }
    }

    [Fact]
    public async Task One_process_owns_a_data_directory_and_others_find_its_doors()
    {
        string directory;
        await using (var lethe = await LetheUnderTest.StartAsync())
        {
            directory = lethe.DataDirectory;
            Assert.Equivalent(lethe.Host.Doors, ListeningDoors.Find(directory), strict: true);
            var fault = await Assert.ThrowsAsync<HostFault>(() => LetheUnderTest.StartAsync(options => options.DataDirectory = directory));
            Assert.Equal($"the data directory {directory} is in use by another lethe.", fault.Message);
        }

        Assert.Null(ListeningDoors.Find(directory));
    }

    [Fact]
    public async Task A_taken_port_is_told_and_leaves_nothing_held()
    {
        await using var first = await LetheUnderTest.StartAsync();
        var directory = Directory.CreateTempSubdirectory("lethe-test-").FullName;

        var fault = await Assert.ThrowsAsync<HostFault>(() => LetheUnderTest.StartAsync(options =>
        {
            options.DataDirectory = directory;
            options.AdminListen = first.Host.Doors.Admin;
        }));

        Assert.Equal($"Failed to bind to address {first.Host.Doors.Admin}: address already in use.", fault.Message);
        Assert.False(Proxy.Recording.DataDirectory.IsHeld(directory));
        Directory.Delete(directory, recursive: true);
    }
}
