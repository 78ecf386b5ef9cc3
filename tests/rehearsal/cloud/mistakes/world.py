"""What stands in a cloud before wrong calls are made: one of each kind, in use."""

from typing import Any

from botocore.config import Config

from tests.rehearsal.cloud.mistakes.mistake import Mistake
from tests.rehearsal.cloud.running import TRUST, RunningCloud

UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})


class World:
    """Made by right calls, all of which the cloud has to take."""

    def __init__(self, cloud: RunningCloud) -> None:
        self._cloud = cloud
        self._clients: dict[str, Any] = {}
        self.known: dict[str, str] = {}
        self._network()
        self._keys()
        self._servers()
        self._stores()
        self._others()

    def send(self, mistake: Mistake) -> Any:
        """Make the wrong call."""
        members = mistake.filled(self.known)
        return self._client(mistake.service)._make_api_call(mistake.operation, members)

    def _client(self, service: str) -> Any:
        """A client that checks nothing itself."""
        if service not in self._clients:
            self._clients[service] = self._cloud.client(service, UNCHECKED)
        return self._clients[service]

    def _network(self) -> None:
        ec2, known = self._client("ec2"), self.known
        known["vpc"] = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
        for name, number, zone in (("subnet", 1, "a"), ("other_subnet", 2, "b")):
            made = ec2.create_subnet(
                VpcId=known["vpc"], CidrBlock=f"10.8.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}"
            )
            known[name] = made["Subnet"]["SubnetId"]
        known["group"] = ec2.create_security_group(
            GroupName="standing", Description="standing", VpcId=known["vpc"]
        )["GroupId"]
        other = ec2.create_security_group(GroupName="other", Description="other", VpcId=known["vpc"])
        https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        by_range = {**https, "IpRanges": [{"CidrIp": "10.8.0.0/16"}]}
        ec2.authorize_security_group_ingress(GroupId=known["group"], IpPermissions=[by_range])
        by_group = {**https, "UserIdGroupPairs": [{"GroupId": known["group"]}]}
        ec2.authorize_security_group_ingress(GroupId=other["GroupId"], IpPermissions=[by_group])
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        known["internet_gateway"] = gateway
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=known["vpc"])
        table = ec2.create_route_table(VpcId=known["vpc"])["RouteTable"]["RouteTableId"]
        known["route_table"] = table
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.associate_route_table(RouteTableId=table, SubnetId=known["subnet"])
        known["address"] = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.create_nat_gateway(SubnetId=known["subnet"], AllocationId=known["address"])

    def _keys(self) -> None:
        iam, known = self._client("iam"), self.known
        role = iam.create_role(RoleName="standing", AssumeRolePolicyDocument=TRUST)
        known["role_arn"] = role["Role"]["Arn"]
        iam.create_instance_profile(InstanceProfileName="standing")
        iam.add_role_to_instance_profile(InstanceProfileName="standing", RoleName="standing")
        key = self._client("kms").create_key()["KeyMetadata"]
        known["key"], known["key_arn"] = key["KeyId"], key["Arn"]
        self._client("secretsmanager").create_secret(Name="standing", SecretString="x")
        self._client("ssm").put_parameter(Name="/standing", Value="x", Type="String")
        known["certificate"] = self._client("acm").request_certificate(
            DomainName="www.evenkeel.test", ValidationMethod="DNS"
        )["CertificateArn"]

    def _servers(self) -> None:
        ec2, known = self._client("ec2"), self.known
        known["image"] = ec2.describe_images()["Images"][0]["ImageId"]
        template = ec2.create_launch_template(
            LaunchTemplateName="standing",
            LaunchTemplateData={"ImageId": known["image"], "InstanceType": "t3.small"},
        )
        known["template"] = template["LaunchTemplate"]["LaunchTemplateId"]
        elbv2 = self._client("elbv2")
        for name in ("balancer", "protected"):
            made = elbv2.create_load_balancer(
                Name=f"standing-{name}", Subnets=[known["subnet"], known["other_subnet"]]
            )
            known[name] = made["LoadBalancers"][0]["LoadBalancerArn"]
        elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=known["protected"],
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
        )
        targets = elbv2.create_target_group(Name="standing", Protocol="HTTP", Port=80, VpcId=known["vpc"])
        known["targets"] = targets["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": known["targets"]}]
        elbv2.create_listener(
            LoadBalancerArn=known["balancer"], Protocol="HTTP", Port=8080, DefaultActions=forward
        )
        elbv2.create_listener(
            LoadBalancerArn=known["balancer"],
            Protocol="HTTPS",
            Port=8443,
            Certificates=[{"CertificateArn": known["certificate"]}],
            DefaultActions=forward,
        )
        self._client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="standing",
            MinSize=0,
            MaxSize=1,
            DesiredCapacity=0,
            LaunchTemplate={"LaunchTemplateId": known["template"], "Version": "$Latest"},
            VPCZoneIdentifier=known["subnet"],
        )

    def _stores(self) -> None:
        rds, elasticache = self._client("rds"), self._client("elasticache")
        subnets = [self.known["subnet"], self.known["other_subnet"]]
        rds.create_db_subnet_group(
            DBSubnetGroupName="standing", DBSubnetGroupDescription="standing", SubnetIds=subnets
        )
        rds.create_db_parameter_group(
            DBParameterGroupName="standing", DBParameterGroupFamily="postgres17", Description="standing"
        )
        rds.create_db_instance(
            DBInstanceIdentifier="standing",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            EngineVersion="17",
            MasterUsername="keel",
            MasterUserPassword="password-of-standing",
            AllocatedStorage=20,
            DBSubnetGroupName="standing",
            DBParameterGroupName="standing",
            DeletionProtection=True,
        )
        elasticache.create_cache_subnet_group(
            CacheSubnetGroupName="standing", CacheSubnetGroupDescription="standing", SubnetIds=subnets
        )
        elasticache.create_cache_parameter_group(
            CacheParameterGroupName="standing", CacheParameterGroupFamily="redis7", Description="standing"
        )
        elasticache.create_replication_group(
            ReplicationGroupId="standing",
            ReplicationGroupDescription="standing",
            CacheNodeType="cache.t4g.micro",
            NumCacheClusters=1,
            CacheSubnetGroupName="standing",
            CacheParameterGroupName="standing",
        )

    def _others(self) -> None:
        self._client("logs").create_log_group(logGroupName="standing")
        self.known["topic"] = self._client("sns").create_topic(Name="standing")["TopicArn"]
        ecs = self._client("ecs")
        ecs.create_cluster(clusterName="standing")
        ecs.register_task_definition(
            family="standing",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "only", "image": "none"}],
        )
        zone = self._client("route53").create_hosted_zone(Name="evenkeel.test", CallerReference="standing")
        self.known["zone"] = zone["HostedZone"]["Id"].rpartition("/")[2]
        s3 = self._client("s3")
        s3.create_bucket(
            Bucket="standing-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        s3.put_object(Bucket="standing-bucket", Key="object", Body=b"")
